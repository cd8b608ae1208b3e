import { chunks } from '../../chunk.ts';
import { severalLines } from '../../safe-text.ts';
import { writerOf } from './guard-output.ts';
import { isReaderGone } from './reader-gone.ts';

const PAGE = 500;

/**
 * Writes to stdout, and waits where the reader is slower. A terminal gets nothing that would steer it; a file or a
 * program gets each character.
 */
export async function writeStdout(text: string, stdout: NodeJS.WriteStream = process.stdout): Promise<void> {
  if (text === '') return;
  const write = writerOf(stdout);
  const safe = stdout.isTTY ? severalLines(text) : text;
  await new Promise<void>((resolve, reject) => {
    write(safe, 'utf8', (error) => (error ? reject(error) : resolve()));
  });
}

/**
 * Writes texts as they come, as fast as they are read; ends quietly when the reader has enough.
 * @param atATime texts that go out in one write
 */
export async function writeAll(texts: AsyncIterable<string>, atATime = PAGE): Promise<void> {
  try {
    for await (const page of chunks(texts, atATime)) await writeStdout(page.join(''));
  } catch (error) {
    if (!isReaderGone(error)) throw error;
  }
}
