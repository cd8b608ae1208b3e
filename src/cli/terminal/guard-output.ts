import { toError } from '../../errors.ts';
import { severalLines } from '../../safe-text.ts';
import { isReaderGone } from './reader-gone.ts';
import { unwritableStdout } from './unwritable-stdout.ts';

/** Colours and bold letters: our libraries write them in help and in debugging output, and only whole. */
const ESCAPE = '\u001b';
const COLOURS = new RegExp(`${ESCAPE}\\[[\\d;]*m`, 'g');

type Write = NodeJS.WriteStream['write'];

/** How to write past the guard, by stream. */
const unguarded = new WeakMap<NodeJS.WriteStream, Write>();

/**
 * The last gate before a terminal: from here on, whatever is written to stdout and stderr, by us or by a library,
 * is text without anything that steers one. What crashes the process is told that way, too.
 */
export function guardOutput(target: NodeJS.Process): void {
  guard(target.stdout);
  guard(target.stderr);
  // Node itself would write the error as it is, past all streams.
  target.on('uncaughtException', (thrown: unknown) => {
    const { stack, message } = toError(thrown);
    target.stderr.write(`${stack ?? message}\n`);
    target.exit(1);
  });
  // Comes before whoever waits for the write is told, and before what oclif listens with, which throws.
  target.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isReaderGone(error)) return;
    const { message, advice } = unwritableStdout(error);
    target.stderr.write(`Error: ${message}\n${advice}\n`);
    target.exit(1);
  });
}

/**
 * How to write what must arrive unchanged: our own drawing, and files that are made with `>`. Whoever uses it has
 * looked at the text.
 */
export function writerOf(stream: NodeJS.WriteStream): Write {
  return unguarded.get(stream) ?? stream.write.bind(stream);
}

function guard(stream: NodeJS.WriteStream): void {
  if (unguarded.has(stream)) return;
  const write: Write = stream.write.bind(stream);
  unguarded.set(stream, write);
  stream.write = (
    chunk: string | Uint8Array,
    encodingOrDone?: BufferEncoding | ((error?: Error | null) => void),
    done?: (error?: Error | null) => void,
  ): boolean => {
    const text = severalLines(Buffer.from(chunk).toString('utf8').replace(COLOURS, ''));
    return typeof encodingOrDone === 'function' ? write(text, encodingOrDone) : write(text, 'utf8', done);
  };
}
