import * as z from 'zod';
import { defined } from '../../defined.ts';
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
  /** Texts by the parts of a filter: it is a list of those instances alone. Empty = of all, or it does not say. */
  readonly of: ListFilter;
  /** Instances that it leaves out although they may be in use by the time it is applied. */
  readonly leftOut: number;
  /** Up to which change of instances it knows them, as CouchDB names it; absent where it does not say. */
  readonly since?: string;
  /** Whether the line itself shows that it was not cut. */
  readonly isWhole: boolean;
}

/** Parts of a filter as texts, those that are none as JSON. */
export type ListFilter = Readonly<Record<string, string>>;

/**
 * Sequences of CouchDB are its own, of some hundred characters, and begin with a number. Others, such as `now`, would say that
 * nothing has changed.
 */
const SEQUENCE = /^\d\S{0,4095}$/;

/**
 * `# end of context=school without 2 since 81-g1AAA rows 1234 2026-11-28T01:00:00.000Z`, or, written by hand, `# end 1234`; with what spreadsheets put
 * around and behind it. What limits the list comes before the number, so that no cut takes it away and leaves an end, and the moment
 * comes last, so that one that was cut has none.
 */
const CSV_END =
  /^"?#\s{0,9}end(?:\s{1,9}of\s{1,9}([\w%=&.~*'()!-]{1,4096}))?(?:\s{1,9}without\s{1,9}(\d{1,9}))?(?:\s{1,9}since\s{1,9}(\d[\w%.~*'()!-]{0,4095}))?(?:\s{1,9}rows)?\s{1,9}(\d{1,9})(?:\s{1,9}([0-9TZ:.-]{20,24}))?"?[\s,;|]*$/i;

const NDJSON_END = z.strictObject({
  end: z.literal(true),
  rows: z.int().min(0),
  of: z.record(z.string(), z.string()).optional(),
  without: z.int().positive().optional(),
  since: z.string().regex(SEQUENCE).optional(),
  at: z.iso.datetime().optional(),
});

/** A filter as the end of a list tells it. */
export function listFilterOf(filter: Readonly<Record<string, unknown>>): ListFilter {
  const parts = Object.entries(filter).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    parts.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

/** The line with which a list ends, with its line break. @param at when it was begun, in milliseconds since 1970 */
export function listEndLine(
  format: RowFormat,
  {
    rows,
    at,
    of,
    leftOut,
    since,
  }: Pick<ListEnd, 'rows' | 'of' | 'leftOut' | 'since'> & { readonly at: number },
): string {
  const moment = new Date(at).toISOString();
  const isPart = Object.keys(of).length > 0;
  if (format !== 'csv') {
    const without = leftOut > 0 && { without: leftOut };
    return `${JSON.stringify({ end: true, rows, ...(isPart && { of }), ...without, ...defined({ since }), at: moment })}\n`;
  }
  const limits = [
    ...(isPart ? [`of ${pairsOf(of)}`] : []),
    ...(leftOut > 0 ? [`without ${leftOut}`] : []),
    ...(since === undefined ? [] : [`since ${encodeURIComponent(since)}`]),
  ];
  return `# ${['end', ...limits, ...(limits.length > 0 ? ['rows'] : []), rows, moment].join(' ')}\n`;
}

function pairsOf(of: ListFilter): string {
  return Object.entries(of)
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join('&');
}

/** Undefined where a part cannot be read. */
function readPairs(text: string): ListFilter | undefined {
  try {
    return Object.fromEntries(
      text.split('&').map((pair) => {
        const at = pair.indexOf('=');
        return [decodeURIComponent(pair.slice(0, at)), decodeURIComponent(pair.slice(at + 1))];
      }),
    );
  } catch {
    return undefined;
  }
}

/** Undefined where it cannot be decoded. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Reads it; undefined for any other line, and for one that was cut. */
export function readListEnd(format: RowFormat, text: string): ListEnd | undefined {
  // Nearly all lines are rows, which are many.
  if (format === 'csv') return text.startsWith('#') || text.startsWith('"#') ? readCsvEnd(text) : undefined;
  return text.includes('"end"') ? readNdjsonEnd(text) : undefined;
}

function readCsvEnd(text: string): ListEnd | undefined {
  const [, pairs, without = '0', sequence, rows, moment] = CSV_END.exec(text) ?? [];
  if (rows === undefined) return undefined;
  const of = pairs === undefined ? {} : readPairs(pairs);
  const since = sequence === undefined ? undefined : decoded(sequence);
  if (of === undefined || (sequence !== undefined && !SEQUENCE.test(since ?? ''))) return undefined;
  const known = { rows: Number(rows), of, leftOut: Number(without), ...defined({ since }) };
  if (moment === undefined) return { ...known, at: undefined, isWhole: false };
  const at = z.iso.datetime().safeParse(moment).success ? Date.parse(moment) : Number.NaN;
  return Number.isNaN(at) ? undefined : { ...known, at, isWhole: true };
}

function readNdjsonEnd(text: string): ListEnd | undefined {
  if (!/^\s{0,9}\{\s{0,9}"end"/.test(text)) return undefined;
  try {
    const { data } = NDJSON_END.safeParse(JSON.parse(text));
    if (data === undefined) return undefined;
    const { rows, of = {}, without: leftOut = 0, since, at: moment } = data;
    const at = moment === undefined ? undefined : Date.parse(moment);
    return { rows, at, of, leftOut, ...defined({ since }), isWhole: true };
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
