import { lstat, opendir } from 'node:fs/promises';
import { type Folder, isGone, openFolder, unlessGone } from './folder.ts';
import type { WalkEntry } from './storage.ts';

/**
 * Everything below a directory of the root, itself first, as `Storage.walk` gives it. No link is followed, that of
 * the directory itself included. One directory is read at a time and in pieces, so neither a broad nor a deep tree
 * costs much memory.
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
  try {
    const toRead = ['/'];
    for (let directory = toRead.pop(); directory !== undefined; directory = toRead.pop()) {
      for await (const entry of entriesOf(top, directory)) {
        if (skipped.has(entry.path)) continue;
        if (entry.kind === 'directory') toRead.push(entry.path);
        yield entry;
      }
    }
  } finally {
    await top.close();
  }
}

/** What is in a directory; nothing where it has gone since it was listed: its owner may have removed it. */
async function* entriesOf(top: Folder, directory: string): AsyncGenerator<WalkEntry, void, undefined> {
  const folder = await unlessGone(openBelow(top, directory));
  if (folder === undefined) return;
  try {
    for await (const { name } of await opendir(folder.path)) {
      const entry = await entryAt(folder, name, directory === '/' ? `/${name}` : `${directory}/${name}`);
      if (entry !== undefined) yield entry;
    }
  } catch (thrown) {
    if (!isGone(thrown)) throw thrown;
  } finally {
    await folder.close();
  }
}

async function openBelow(top: Folder, directory: string): Promise<Folder> {
  let folder = await openFolder(top, '.');
  for (const name of directory.split('/').filter((each) => each !== '')) {
    try {
      const next = await openFolder(folder, name);
      await folder.close();
      folder = next;
    } catch (thrown) {
      await folder.close();
      throw thrown;
    }
  }
  return folder;
}

/** Undefined for what has gone since it was listed. */
async function entryAt(folder: Folder, name: string, path: string): Promise<WalkEntry | undefined> {
  const found = await unlessGone(lstat(folder.at(name)));
  if (found === undefined) return undefined;
  if (found.isDirectory()) return { path, kind: 'directory', size: 0 };
  if (found.isFile()) return { path, kind: 'file', size: found.size };
  return { path, kind: 'other', size: 0 };
}
