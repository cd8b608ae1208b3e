import { constants } from 'node:fs';
import { lstat, open, opendir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { errnoOf } from '../../errno.ts';
import { AppError } from '../errors.ts';
import { type AppLimits, type AppTree, missing, Quota, quotedPath, unfit, unreadable } from './app-tree.ts';
import { insidePath, isPlainPath, leadsInside } from './archive-path.ts';

/** Bytes read at a time. */
const CHUNK_BYTES = 64 * 1024;

/**
 * The files of a directory on this machine, by the rules of archives: nothing that leads out of it is
 * followed, links inside are left out, and so is what git keeps for itself.
 *
 * @param name of the application, for messages
 * @throws {AppError} when it visits, also for what the operating system says about the directory
 */
export function directoryTree(top: string, name: string, limits: AppLimits): AppTree {
  return async (visit, signal) => {
    const quota = new Quota(name, limits);
    const toRead = [''];
    for (let directory = toRead.pop(); directory !== undefined; directory = toRead.pop()) {
      for (const entry of await reading(name, directory, () => namesIn(join(top, directory), quota))) {
        signal.throwIfAborted();
        const path = insidePath(posix.join(directory, entry));
        if (path === undefined) throw unfit(name, `${quotedPath(entry)} is no name for a file`);
        if (path === '.git') continue;
        if (!isPlainPath(path)) throw unfit(name, `${quotedPath(path)} is no name for a file`);
        const place = join(top, path);
        const found = await reading(name, path, () => lstat(place));
        quota.addPath(path, found.isDirectory() ? 'directory' : 'file');
        if (found.isDirectory()) {
          toRead.push(path);
        } else if (found.isFile()) {
          quota.countFile(path, found.size);
          await visit({ path, size: found.size, content: contentOf(place, name, path, found.size) }, signal);
        } else if (!found.isSymbolicLink()) {
          throw unfit(name, `${quotedPath(path)} is neither a file nor a directory`);
        } else if (!leadsInside(await reading(name, path, () => readlink(place)), posix.dirname(path))) {
          throw unfit(name, `the link ${quotedPath(path)} leads out of it`);
        }
      }
    }
  };
}

/** In a fixed order: the same directory gives the same digest. */
async function namesIn(directory: string, quota: Quota): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of await opendir(directory)) {
    quota.countEntry();
    names.push(name);
  }
  return names.sort();
}

/** The content of a file, up to the size that was counted: it may grow while it is read. */
async function* contentOf(
  place: string,
  name: string,
  path: string,
  size: number,
): AsyncGenerator<Buffer, void, undefined> {
  if (size === 0) return;
  const handle = await reading(name, path, () => open(place, constants.O_RDONLY | constants.O_NOFOLLOW));
  try {
    let left = size;
    while (left > 0) {
      const buffer = Buffer.allocUnsafe(Math.min(left, CHUNK_BYTES));
      const { bytesRead } = await reading(name, path, () => handle.read(buffer, 0, buffer.length, null));
      if (bytesRead === 0) throw changed(name, path);
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** Maps errors of the *source* directory; those of our own cache are handled elsewhere. */
async function reading<T>(name: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    const code = errnoOf(thrown) ?? 'unknown';
    // The path was listed a moment ago.
    if (path !== '' && (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP')) {
      throw changed(name, path);
    }
    if (code === 'ENOENT' || code === 'ENOTDIR') throw missing(name);
    const what = path === '' ? 'its directory' : quotedPath(path);
    throw unreadable(name, what, thrown);
  }
}

function changed(name: string, path: string): AppError {
  return new AppError('app_changed', `${quotedPath(path)} of ${name} changed while it was read`, 'retry');
}
