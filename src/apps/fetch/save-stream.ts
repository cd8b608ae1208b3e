import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

export interface SaveOptions {
  /** Most bytes. */
  readonly limit: number;
  /** What is thrown beyond it. */
  readonly tooLarge: () => Error;
}

/**
 * Writes a stream into a new file. Whatever goes wrong, no file is left.
 *
 * @returns SHA-256 of its bytes, in lower-case hexadecimal
 */
export async function saveStream(
  chunks: AsyncIterable<Buffer>,
  file: string,
  { limit, tooLarge }: SaveOptions,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  let size = 0;
  async function* counted(): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > limit) throw tooLarge();
      hash.update(chunk);
      yield chunk;
    }
  }
  const handle = await open(file, 'wx', 0o600);
  try {
    await pipeline(counted, handle.createWriteStream(), { signal });
  } catch (thrown) {
    await handle.close();
    await rm(file, { force: true });
    throw thrown;
  }
  await handle.close();
  return hash.digest('hex');
}
