import { createHash } from 'node:crypto';
import { constants, open } from 'node:fs/promises';
import { errnoOf } from '../errno.ts';
import { SkeletonUnusable } from './errors.ts';
import type { SkeletonFile } from './skeleton.ts';

/**
 * The content of a file of a skeleton, in pieces. It throws at the end where it was not what was read before: nothing that
 * was made of these pieces may be used then.
 * @throws SkeletonUnusable
 */
export async function* fileContent(file: SkeletonFile): AsyncGenerator<Buffer, void, undefined> {
  const hash = createHash('md5');
  let size = 0;
  try {
    const handle = await open(file.source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const chunks: AsyncIterable<Buffer> = handle.createReadStream({ autoClose: false });
      for await (const chunk of chunks) {
        size += chunk.length;
        hash.update(chunk);
        yield chunk;
      }
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (thrown instanceof SkeletonUnusable || code === undefined) throw thrown;
    throw new SkeletonUnusable(`${file.source} of the skeleton cannot be read any more: ${code}`);
  }
  if (size !== file.size || hash.digest('base64') !== file.md5) {
    throw new SkeletonUnusable(`${file.source} of the skeleton was changed while it was copied`);
  }
}
