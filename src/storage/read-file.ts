import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Folder } from './folder.ts';

/** Without a wait for the other end, where it is a pipe. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** MD5 of a file's content in base64, read in pieces. @throws `ELOOP` for a symbolic link, `EINVAL` for no file */
export async function md5OfFile(folder: Folder, name: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('md5');
  await reading(folder, name, async (handle) => {
    const content = handle.createReadStream({ autoClose: false });
    await pipeline(content, hash, signal === undefined ? {} : { signal });
  });
  return hash.digest('base64');
}

/** A text of not more than so many bytes. @throws `ELOOP` for a symbolic link, `EINVAL` for no file, `EFBIG` */
export async function readShortText(folder: Folder, name: string, limit: number): Promise<string> {
  return await reading(folder, name, async (handle) => {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(limit + 1), 0, limit + 1, 0);
    if (bytesRead > limit) throw unreadable('EFBIG');
    return buffer.toString('utf8', 0, bytesRead);
  });
}

/** Does the work while the file is open. @throws `ELOOP` for a symbolic link, `EINVAL` for no file */
export async function reading<T>(
  folder: Folder,
  name: string,
  work: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  const handle = await open(folder.at(name), READ);
  try {
    if (!(await handle.stat()).isFile()) throw unreadable('EINVAL');
    return await work(handle);
  } finally {
    await handle.close();
  }
}

function unreadable(code: 'EINVAL' | 'EFBIG'): Error {
  return Object.assign(new Error('not a file to be read'), { code });
}
