import { parse } from 'csv-parse/sync';
import { InputError } from '../../errors.ts';
import type { RowProblem } from './row-format.ts';
import { readableBytes, type TextLimits, type TextLine } from './text-lines.ts';

/** The fields of one CSV record. */
export interface CsvRecord {
  readonly kind: 'record';
  /** Where the record starts, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** A record as it is put together from the lines that its quoted values span. */
interface Draft {
  readonly line: number;
  /** Whether a byte order mark stands before it, as where files were joined. */
  readonly isMarked: boolean;
  text: string;
  bytes: number;
  /** Line on which the last value that spans lines begins. */
  openedOn: number | undefined;
}

const SEPARATORS = [',', ';', '\t', '|'];

const BYTE_ORDER_MARK = '\ufeff';

/** The first line by which spreadsheets are told the separator; some programs quote it or fill it up. */
const SEPARATOR_LINE = /^"?sep=([^\p{L}\p{N}"])"?\1*$/iu;

/** The separator that occurs most often outside quotes in the header line; a comma in doubt. */
function separatorOf(header: string): string {
  const unquoted = header.replaceAll(/"[^"]*"?/g, '');
  const count = (separator: string): number => unquoted.split(separator).length;
  return SEPARATORS.reduce((best, separator) => (count(separator) > count(best) ? separator : best));
}

/** How a line leaves quoting: no value open, the one from before still open, or one that it opened. */
type Quoting = 'none' | 'carried' | 'opened';

function quotingAfter(text: string, separator: string, startsQuoted: boolean): Quoting {
  let quoting: Quoting = startsQuoted ? 'carried' : 'none';
  if (!text.includes('"')) return quoting;
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '"') continue;
    if (quoting === 'none') {
      // A mark inside an unquoted value opens nothing; the parser refuses that record afterwards.
      if (at === 0 || text[at - 1] === separator) quoting = 'opened';
    } else if (text[at + 1] === '"') {
      at += 1;
    } else {
      quoting = 'none';
    }
  }
  return quoting;
}

/** The other lines of a record go with it, whatever they were meant to be. */
function linesOf({ line, text }: Draft): string {
  const breaks = text.split('\n').length - 1;
  return breaks === 0 ? '' : ` in lines ${line} to ${line + breaks}, which it makes one row`;
}

function fieldsOf(draft: Draft, separator: string): CsvRecord | RowProblem {
  const { line, text, isMarked } = draft;
  // A parser is set up for each record, which costs more than the record where nothing is quoted.
  if (!isMarked && !text.includes('"')) return { kind: 'record', line, fields: text.split(separator) };
  try {
    const [fields = []] = parse(text, {
      delimiter: separator,
      record_delimiter: ['\n'],
      // The size was checked already, line by line.
      max_record_size: 0,
    });
    const [first = '', ...others] = fields;
    return { kind: 'record', line, fields: isMarked ? [BYTE_ORDER_MARK + first, ...others] : fields };
  } catch {
    // The parser's own message quotes the value, which may be a passphrase.
    const advice = 'put the whole value in quotation marks and double those inside it';
    return { kind: 'problem', line, message: `a quotation mark is out of place${linesOf(draft)}: ${advice}` };
  }
}

/**
 * Puts lines together to CSV records. A quoted value may span lines; the line breaks in it become LF.
 * A first line `sep=;` names the separator and is no record. Blank lines, and records of nothing but separators (which spreadsheets leave behind), are left out.
 * A record that is no valid CSV is a problem of its own and does not end the reading.
 *
 * @throws {InputError} `line_too_long` or `unclosed_quote`, besides what `lines` throws.
 */
export async function* csvRecords(
  lines: AsyncIterable<TextLine>,
  { file, maxLineBytes }: TextLimits,
): AsyncGenerator<CsvRecord | RowProblem> {
  let separator: string | undefined;
  let draft: Draft | undefined;

  for await (const line of lines) {
    if (draft === undefined && line.text.trim() === '') continue;
    if (separator === undefined) {
      const told = SEPARATOR_LINE.exec(line.text.trimEnd())?.[1] ?? SEPARATOR_LINE.exec(line.text)?.[1];
      separator = told ?? separatorOf(line.text);
      if (told !== undefined) continue;
    }

    const isContinued: boolean = draft !== undefined;
    const isMarked = !isContinued && line.text.startsWith(BYTE_ORDER_MARK);
    const text = isMarked ? line.text.slice(BYTE_ORDER_MARK.length) : line.text;
    const quoting = quotingAfter(text, separator, isContinued);
    draft ??= { line: line.number, isMarked, text: '', bytes: 0, openedOn: undefined };
    draft.text += isContinued ? `\n${text}` : text;
    draft.bytes += isContinued ? line.bytes + 1 : line.bytes;
    if (quoting === 'opened') draft.openedOn = line.number;

    if (draft.bytes > maxLineBytes) {
      const message = `The record is longer than ${readableBytes(maxLineBytes)}.`;
      const advice = `The quotation mark opened on line ${draft.openedOn} may lack its counterpart.`;
      throw new InputError('line_too_long', message, { file, line: draft.line }, advice);
    }
    if (quoting !== 'none') continue;

    const record = fieldsOf(draft, separator);
    draft = undefined;
    if (record.kind === 'problem' || record.fields.some((field) => field.trim() !== '')) yield record;
  }

  if (draft !== undefined) {
    const message = 'A quotation mark is opened here and never closed.';
    throw new InputError('unclosed_quote', message, { file, line: draft.openedOn ?? draft.line });
  }
}
