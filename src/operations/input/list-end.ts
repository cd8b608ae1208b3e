import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { count } from '../../quantity-text.ts';
import type { RowFormat } from './row-format.ts';
import type { TextLine } from './text-lines.ts';

/**
 * The last line of a list that says of itself how many rows it has, and of what moment it is. Without one nobody can tell a list
 * that was cut from one that ends there.
 */
export interface ListEnd {
  readonly rows: number;
  /** Milliseconds since 1970; undefined where it does not say. */
  readonly at: number | undefined;
}

/** `# end 1234 2026-11-28T01:00:00.000Z`, with what spreadsheets put around and behind it. */
const CSV_END = /^"?#\s{0,9}end\s{1,9}(\d{1,9})(?:\s{1,9}([0-9TZ:.-]{20,24}))?"?[\s,;|]*$/i;

const NDJSON_END = z.strictObject({
  end: z.literal(true),
  rows: z.int().min(0),
  at: z.iso.datetime().optional(),
});

/** The line with which a list ends, with its line break. @param at when it was begun, in milliseconds since 1970 */
export function listEndLine(
  format: RowFormat,
  { rows, at }: { readonly rows: number; readonly at: number },
): string {
  const moment = new Date(at).toISOString();
  return format === 'csv'
    ? `# end ${rows} ${moment}\n`
    : `${JSON.stringify({ end: true, rows, at: moment })}\n`;
}

/** Reads it; undefined for any other line, and for one that was cut. */
export function readListEnd(format: RowFormat, text: string): ListEnd | undefined {
  // Nearly all lines are rows, which are many.
  if (format === 'csv') return text.startsWith('#') || text.startsWith('"#') ? readCsvEnd(text) : undefined;
  return text.includes('"end"') ? readNdjsonEnd(text) : undefined;
}

function readCsvEnd(text: string): ListEnd | undefined {
  const [, rows, moment] = CSV_END.exec(text) ?? [];
  if (rows === undefined) return undefined;
  if (moment === undefined) return { rows: Number(rows), at: undefined };
  const at = z.iso.datetime().safeParse(moment).success ? Date.parse(moment) : Number.NaN;
  return Number.isNaN(at) ? undefined : { rows: Number(rows), at };
}

function readNdjsonEnd(text: string): ListEnd | undefined {
  if (!/^\s{0,9}\{\s{0,9}"end"/.test(text)) return undefined;
  try {
    const { data } = NDJSON_END.safeParse(JSON.parse(text));
    return data && { rows: data.rows, at: data.at === undefined ? undefined : Date.parse(data.at) };
  } catch {
    return undefined;
  }
}

/**
 * The lines of a list without its end, which has to be the last of them.
 * @throws InputError `cut_list` where it goes on
 */
export async function* withoutListEnd(
  lines: AsyncIterable<TextLine>,
  format: RowFormat,
  file: string,
  onEnd: (end: ListEnd) => void,
): AsyncGenerator<TextLine> {
  let ended: number | undefined;
  for await (const line of lines) {
    if (ended !== undefined && line.text.trim() !== '') {
      throw new InputError(
        'cut_list',
        `The list goes on after its end on line ${ended}: files were joined.`,
        { file, line: line.number },
        'Submit the lists one by one.',
      );
    }
    const end = readListEnd(format, line.text);
    if (end === undefined) {
      yield line;
      continue;
    }
    ended = line.number;
    onEnd(end);
  }
}

/** @param rows that were read @throws InputError `cut_list` where the end tells of others */
export function refuseOtherCount(end: ListEnd | undefined, rows: number, file: string): void {
  if (end === undefined || end.rows === rows) return;
  throw new InputError(
    'cut_list',
    `Its last line tells of ${count(end.rows)} rows, and there are ${count(rows)}: some are missing, or were added.`,
    { file },
    'Write the list again; where it was changed on purpose, correct the number in its last line.',
  );
}
