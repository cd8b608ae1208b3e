import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** MD5 of a file's content in base64, read in pieces. @throws `ELOOP` for a symbolic link */
export async function md5OfFile(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('md5');
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const content = handle.createReadStream({ autoClose: false });
    await pipeline(content, hash, signal === undefined ? {} : { signal });
  } finally {
    await handle.close();
  }
  return hash.digest('base64');
}
