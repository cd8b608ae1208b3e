import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** What a directory holds at this moment. */
export interface TreeSnapshot {
  /** Changes with everything that tells a change without reading files: names, modes, sizes, times. */
  readonly listing: string;
  /** Regular files and directories in a fixed order; anything else is there as what it is. */
  readonly entries: readonly SnapshotEntry[];
}

interface SnapshotEntry {
  /** From the top; empty for the top itself. */
  readonly path: string;
  /** Kind and permissions, as the system keeps them. */
  readonly mode: number;
  readonly size: number;
  readonly isFile: boolean;
}

/** Looks at all of a directory, and reads no file. */
export async function snapshotTree(top: string): Promise<TreeSnapshot> {
  const lines: string[] = [];
  const entries: SnapshotEntry[] = [];
  async function visit(path: string): Promise<void> {
    const found = await lstat(join(top, path), { bigint: true });
    const isFile = found.isFile();
    const size = isFile ? Number(found.size) : 0;
    entries.push({ path, mode: Number(found.mode), size, isFile });
    const times = isFile ? `${found.ino} ${found.mtimeNs} ${found.ctimeNs}` : '';
    lines.push(JSON.stringify([path, Number(found.mode), size, times]));
    if (!found.isDirectory()) return;
    for (const name of (await readdir(join(top, path))).sort()) await visit(posix.join(path, name));
  }
  await visit('');
  return { listing: createHash('sha256').update(lines.join('\n')).digest('hex'), entries };
}

/**
 * SHA-256, in hexadecimal, over paths, modes and contents of a directory.
 * @param about further facts that the digest covers, as JSON
 */
export async function treeDigest(top: string, { entries }: TreeSnapshot, about: unknown): Promise<string> {
  const all = createHash('sha256').update(`${JSON.stringify(about)}\n`);
  for (const { path, mode, size, isFile } of entries) {
    const content = isFile ? await digestOfFile(join(top, path)) : '';
    all.update(`${JSON.stringify([path, mode, size, content])}\n`);
  }
  return all.digest('hex');
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}
