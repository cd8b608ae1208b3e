import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** All there is below a directory, by path: kind, mode, time, and content or target; to compare. */
export async function snapshot(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { mode, ino, mtimeMs } = await lstat(path);
    found[relative(directory, path)] = `${mode.toString(8)} ${ino} ${mtimeMs} ${await contentOf(path)}`;
  }
  return found;
}

async function contentOf(path: string): Promise<string> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return `-> ${await readlink(path)}`;
  if (!found.isFile()) return '';
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
