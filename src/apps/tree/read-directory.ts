import { constants } from 'node:fs';
import { lstat, open, opendir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { errnoOf } from '../../errno.ts';
import { AppError } from '../errors.ts';
import { type AppLimits, type AppTree, missing, shown, Tally, unfit, unreadable } from './app-tree.ts';
import { insidePath, isPlainPath, leadsInside } from './archive-path.ts';

/** Bytes read at a time. */
const CHUNK = 64 * 1024;

/**
 * The files of a directory on this machine, by the rules of archives: nothing that leads out of it is
 * followed, links inside are left out, and so is what git keeps for itself.
 *
 * @param name of the application, for messages
 * @throws {AppError} when it visits, also for what the operating system says about the directory
 */
export function directoryTree(top: string, name: string, limits: AppLimits): AppTree {
  return async (visit, signal) => {
    const tally = new Tally(name, limits);
    const toRead = [''];
    for (let directory = toRead.pop(); directory !== undefined; directory = toRead.pop()) {
      for (const entry of await readable(name, directory, () => namesIn(join(top, directory), tally))) {
        signal.throwIfAborted();
        const path = insidePath(posix.join(directory, entry));
        if (path === undefined) throw unfit(name, `${shown(entry)} is no name for a file`);
        if (path === '.git') continue;
        if (!isPlainPath(path)) throw unfit(name, `${shown(path)} is no name for a file`);
        const place = join(top, path);
        const found = await readable(name, path, () => lstat(place));
        tally.place(path, found.isDirectory() ? 'directory' : 'file');
        if (found.isDirectory()) {
          toRead.push(path);
        } else if (found.isFile()) {
          tally.file(path, found.size);
          await visit({ path, size: found.size, content: contentOf(place, name, path, found.size) }, signal);
        } else if (!found.isSymbolicLink()) {
          throw unfit(name, `${shown(path)} is neither a file nor a directory`);
        } else if (!leadsInside(await readable(name, path, () => readlink(place)), posix.dirname(path))) {
          throw unfit(name, `the link ${shown(path)} leads out of it`);
        }
      }
    }
  };
}

/** In a fixed order: the same directory gives the same digest. */
async function namesIn(directory: string, tally: Tally): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of await opendir(directory)) {
    tally.entry();
    names.push(name);
  }
  return names.sort();
}

/** No more of a file than it had when it was counted: it may grow while it is read. */
async function* contentOf(
  place: string,
  name: string,
  path: string,
  size: number,
): AsyncGenerator<Buffer, void, undefined> {
  if (size === 0) return;
  const handle = await readable(name, path, () => open(place, constants.O_RDONLY | constants.O_NOFOLLOW));
  try {
    let left = size;
    while (left > 0) {
      const buffer = Buffer.allocUnsafe(Math.min(left, CHUNK));
      const { bytesRead } = await readable(name, path, () => handle.read(buffer, 0, buffer.length, null));
      if (bytesRead === 0) throw changed(name, path);
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** What the operating system says about the operator's directory is not what it says about our own places. */
async function readable<T>(name: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    const code = errnoOf(thrown) ?? 'unknown';
    // A path that was listed a moment ago.
    if (path !== '' && (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP')) {
      throw changed(name, path);
    }
    if (code === 'ENOENT' || code === 'ENOTDIR') throw missing(name);
    const what = path === '' ? 'its directory' : shown(path);
    throw unreadable(name, what, thrown);
  }
}

function changed(name: string, path: string): AppError {
  return new AppError('app_changed', `${shown(path)} of ${name} changed while it was read`, 'retry');
}
