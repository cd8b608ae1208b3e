import { lstat, opendir } from 'node:fs/promises';
import { type Folder, isGone, openFolder, unlessGone } from './folder.ts';
import type { WalkEntry } from './storage.ts';

/**
 * Everything below a directory of the root, itself first, as `Storage.walk` gives it. No link is followed, that of
 * the directory itself included. One directory is read at a time and in pieces, so neither a broad nor a deep tree
 * costs much memory; a deep one takes an open file for each directory on the way down.
 */
export async function* walkTree(
  root: Folder,
  name: string,
  skipped: ReadonlySet<string>,
): AsyncGenerator<WalkEntry, void, undefined> {
  const first = await entryAt(root, name, '/');
  if (first === undefined) return;
  yield first;
  const top = first.kind === 'directory' ? await unlessGone(openFolder(root, name)) : undefined;
  if (top === undefined) return;
  const open: Level[] = [];
  try {
    for (let level: Level | undefined = { folder: top, path: '/', left: [] }; level !== undefined; ) {
      open.push(level);
      for await (const entry of entriesOf(level)) {
        if (skipped.has(entry.path)) continue;
        if (entry.kind === 'directory') level.left.push(entry.path);
        yield entry;
      }
      level = await nextLevel(open);
    }
  } finally {
    for (const { folder } of open) await folder.close();
  }
}

/** A directory on the way down, held open so that each one below it is reached without the way from the top. */
interface Level {
  readonly folder: Folder;
  /** From the root of the instance. */
  readonly path: string;
  /** Paths of the directories in it that are still to be read. */
  readonly left: string[];
}

/** The next directory to be read; those in which nothing is left are closed. */
async function nextLevel(open: Level[]): Promise<Level | undefined> {
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const path = level.left.pop();
    if (path === undefined) {
      open.pop();
      await level.folder.close();
      continue;
    }
    const folder = await openBelow(level.folder, path.slice(path.lastIndexOf('/') + 1));
    if (folder !== undefined) return { folder, path, left: [] };
  }
  return undefined;
}

/** Undefined where it has gone since it was listed, or another directory is in the place of one on its way. */
async function openBelow(parent: Folder, name: string): Promise<Folder | undefined> {
  if (parent.holding === 'look' && !(await parent.isInPlace())) return undefined;
  return await unlessGone(openFolder(parent, name));
}

/** What is in a directory; nothing where it has gone since it was listed: its owner may have removed it. */
async function* entriesOf({ folder, path }: Level): AsyncGenerator<WalkEntry, void, undefined> {
  try {
    for await (const { name } of await opendir(folder.path)) {
      const entry = await entryAt(folder, name, path === '/' ? `/${name}` : `${path}/${name}`);
      if (entry !== undefined) yield entry;
    }
  } catch (thrown) {
    if (!isGone(thrown)) throw thrown;
  }
}

/** Undefined for what has gone since it was listed. */
async function entryAt(folder: Folder, name: string, path: string): Promise<WalkEntry | undefined> {
  const found = await unlessGone(lstat(folder.at(name)));
  if (found === undefined) return undefined;
  if (found.isDirectory()) return { path, kind: 'directory', size: 0 };
  if (found.isFile()) return { path, kind: 'file', size: found.size };
  return { path, kind: 'other', size: 0 };
}
