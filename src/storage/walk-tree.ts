import { lstat, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../errno.ts';
import type { WalkEntry } from './storage.ts';

/**
 * Everything below a directory of this machine, itself first, as `Storage.walk` gives it. One directory
 * is open at a time and read in pieces, so neither a broad nor a deep tree costs much memory. The directory
 * itself may be a symbolic link, as that of an instance on a volume of its own; those below are not followed.
 */
export async function* walkTree(
  top: string,
  skipped: ReadonlySet<string>,
): AsyncGenerator<WalkEntry, void, undefined> {
  const root = await entryAt(top, '/', stat);
  if (root === undefined) return;
  yield root;
  const toRead = root.kind === 'directory' ? ['/'] : [];
  for (let directory = toRead.pop(); directory !== undefined; directory = toRead.pop()) {
    for await (const name of namesIn(join(top, directory))) {
      const path = directory === '/' ? `/${name}` : `${directory}/${name}`;
      if (skipped.has(path)) continue;
      const entry = await entryAt(join(top, path), path);
      if (entry === undefined) continue;
      if (entry.kind === 'directory') toRead.push(path);
      yield entry;
    }
  }
}

/** Undefined for what has gone since it was listed: the owner of an instance in use may remove it. */
async function entryAt(place: string, path: string, look = lstat): Promise<WalkEntry | undefined> {
  try {
    const found = await look(place);
    if (found.isDirectory()) return { path, kind: 'directory', size: 0 };
    if (found.isFile()) return { path, kind: 'file', size: found.size };
    return { path, kind: 'other', size: 0 };
  } catch (thrown) {
    if (isGone(thrown)) return undefined;
    throw thrown;
  }
}

async function* namesIn(place: string): AsyncGenerator<string, void, undefined> {
  try {
    for await (const { name } of await opendir(place)) yield name;
  } catch (thrown) {
    if (!isGone(thrown)) throw thrown;
  }
}

function isGone(thrown: unknown): boolean {
  const code = errnoOf(thrown);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
