import { isUtf8 } from 'node:buffer';
import { InputError } from '../../errors.ts';
import { refuseOtherFormats } from './other-formats.ts';

/** A physical line of a text, without its line break. */
export interface TextLine {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
  /** Size in the file, in bytes, without the line break. */
  readonly bytes: number;
}

export interface TextLimits {
  /** Name of the file, for errors. */
  readonly file: string;
  /** Longest line that is accepted, in bytes. */
  readonly maxLineBytes: number;
}

const LF = 0x0a;
const CR = 0x0d;
const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf]);

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  return bytes.subarray(0, prefix.length).equals(prefix);
}

/** A limit as a person would write it: `1 MiB`, `500 bytes`. */
export function readableBytes(bytes: number): string {
  const mebibytes = bytes / 1024 ** 2;
  return Number.isInteger(mebibytes) ? `${mebibytes} MiB` : `${bytes} bytes`;
}

/**
 * Cuts a UTF-8 text into lines as it streams by; LF, CRLF and CR all end a line. A byte order mark
 * is left out. Holds one chunk of the source and at most `maxLineBytes` beside it.
 *
 * Works on bytes, because a line break byte is never part of a longer UTF-8 character: so the line
 * of an encoding error is known exactly.
 *
 * @throws {InputError} `bad_encoding`, `not_text` or `line_too_long`.
 */
export async function* textLines(
  source: AsyncIterable<Uint8Array>,
  { file, maxLineBytes }: TextLimits,
): AsyncGenerator<TextLine> {
  let number = 1;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let endedInCr = false;

  const hold = (piece: Uint8Array): void => {
    held.push(piece);
    heldBytes += piece.length;
    if (heldBytes <= maxLineBytes) return;
    if (number === 1) refuseOtherFormats(Buffer.concat(held), file);
    const limit = readableBytes(maxLineBytes);
    throw new InputError('line_too_long', `The line is longer than ${limit}.`, { file, line: number });
  };

  const take = (): TextLine => {
    let bytes = Buffer.concat(held);
    if (number === 1) {
      refuseOtherFormats(bytes, file);
      if (startsWith(bytes, UTF8_BOM)) bytes = bytes.subarray(UTF8_BOM.length);
    }
    const place = { file, line: number };
    if (!isUtf8(bytes)) {
      throw new InputError('bad_encoding', 'The line is not valid UTF-8.', place, 'Save the file as UTF-8.');
    }
    if (bytes.includes(0)) {
      throw new InputError('not_text', 'The line holds a zero byte: the file is not a text.', place);
    }
    const line = { number, text: bytes.toString('utf8'), bytes: bytes.length };
    number += 1;
    held = [];
    heldBytes = 0;
    return line;
  };

  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    let start = endedInCr && chunk[0] === LF ? 1 : 0;
    endedInCr = false;
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte !== LF && byte !== CR) continue;
      hold(chunk.subarray(start, at));
      yield take();
      if (byte === CR && at + 1 === chunk.length) endedInCr = true;
      if (byte === CR && chunk[at + 1] === LF) at += 1;
      start = at + 1;
    }
    if (start < chunk.length) hold(chunk.subarray(start));
  }
  if (heldBytes > 0) yield take();
}
