import { InputError } from '../../../errors.ts';
import { readableBytes, type TextLine } from '../text-lines.ts';

/** A line of LDIF as it is meant: what was folded is one again. */
export interface LdifLine {
  /** Where it begins, from 1. */
  readonly number: number;
  /** Empty where records are separated. */
  readonly text: string;
}

/** Characters of one line, folded or not: photographs are in some. */
const LONGEST = 16 * 1024 ** 2;

/**
 * Puts folded lines together (RFC 2849): a line that begins with a space goes on with the one before it, be that a comment.
 * @throws InputError `line_too_long`
 */
export async function* ldifLines(lines: AsyncIterable<TextLine>, file: string): AsyncGenerator<LdifLine> {
  let open: { readonly number: number; readonly parts: string[]; length: number } | undefined;
  for await (const { number, text } of lines) {
    if (text.startsWith(' ') && open !== undefined) {
      open.parts.push(text.slice(1));
      open.length += text.length;
      if (open.length > LONGEST) {
        const message = `The line is longer than ${readableBytes(LONGEST)}.`;
        throw new InputError('line_too_long', message, { file, line: open.number });
      }
      continue;
    }
    if (open !== undefined) yield { number: open.number, text: open.parts.join('') };
    open = { number, parts: [text], length: text.length };
  }
  if (open !== undefined) yield { number: open.number, text: open.parts.join('') };
}
