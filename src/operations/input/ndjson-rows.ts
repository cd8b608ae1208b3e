import * as z from 'zod';
import { InputError } from '../../errors.ts';
import { kindOfFlag } from '../../instances/values/value-kinds.ts';
import { type JsonFault, jsonFault } from '../../json-fault.ts';
import { type Columns, isTold } from './columns.ts';
import type { Row, RowProblem } from './row-format.ts';
import type { TextLimits, TextLine } from './text-lines.ts';

const lineObject = z.record(z.string(), z.unknown());

/** Why a value of a JSON line cannot become a column's text. Never quotes the value. */
class UnusableValue extends Error {}

function scalarText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') throw new UnusableValue('it must be a string, a number or a boolean');
  // JSON numbers beyond this have lost digits already when we see them.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new UnusableValue('the number is too long to be exact: put it in quotation marks');
  }
  return String(value);
}

/** Text of one part of a list, in which a comma would begin the next part. */
function partText(value: unknown): string {
  const text = scalarText(value);
  if (text.includes(',')) throw new UnusableValue('a value in a list cannot contain a comma');
  return text;
}

function pairText(key: string, value: unknown): string {
  if (key.includes(':')) throw new UnusableValue('a name in an object cannot contain a colon');
  return `${partText(key)}:${partText(value)}`;
}

/** A value as its JSON: what is no number of JavaScript would become null in it, which means something else. */
function jsonText(value: object): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'number' && !Number.isFinite(part))
      throw new UnusableValue('a number in it is too large');
    return part;
  });
}

/** A JSON value as the same column would be written in CSV; undefined for null. */
function columnText(column: string, value: unknown): string | undefined {
  if (value === null) return undefined;
  if (column === 'passphrase' && typeof value !== 'string') throw new UnusableValue('it must be a string');
  if (kindOfFlag(column) === 'json' && typeof value === 'object') return jsonText(value);
  if (Array.isArray(value)) return value.map(partText).join(',');
  const object = column === 'settings' ? lineObject.safeParse(value) : undefined;
  if (object?.success !== true) return scalarText(value);
  return Object.entries(object.data)
    .filter(([, part]) => part !== null)
    .map(([key, part]) => pairText(key, part))
    .join(',');
}

const FAULTS: Readonly<Record<JsonFault, string>> = {
  deep: 'lists and objects in it are nested too deep',
  names: 'there are more names in it than any row has',
  twice: 'a key is there twice',
};

function parseObject(text: string): Record<string, unknown> | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the line, which may hold a passphrase.
    return text.startsWith('\ufeff')
      ? 'the line begins with a byte order mark, as where files were joined: take it away'
      : 'the line is not valid JSON';
  }
  const object = lineObject.safeParse(value);
  if (!object.success) return 'the line must be one JSON object';
  const fault = jsonFault(text, value);
  return fault === undefined ? object.data : FAULTS[fault];
}

function toRow({ number: line, text }: TextLine, columns: Columns): Row | RowProblem {
  const object = parseObject(text);
  if (typeof object === 'string') return { kind: 'problem', line, message: object };

  const values: Record<string, string> = {};
  const written: Record<string, string> = {};
  for (const [key, value] of Object.entries(object)) {
    const column = columns.find(key);
    if (column === undefined) {
      return { kind: 'problem', line, ...columns.unknownKey(key) };
    }
    if (isTold(column)) continue;
    if (values[column] !== undefined) {
      return { kind: 'problem', line, column, message: 'the column is there twice' };
    }
    try {
      const text = columnText(column, value);
      if (text === undefined) continue;
      values[column] = text;
      if (key !== column) written[column] = key;
    } catch (error) {
      if (!(error instanceof UnusableValue)) throw error;
      return { kind: 'problem', line, column, message: error.message };
    }
  }
  return { kind: 'row', line, values, ...(Object.keys(written).length > 0 && { written }) };
}

/** An array of objects, over one line or many. */
const ARRAY_OF_OBJECTS = /^\s*\[\s*(?:\{|$)/;

function refuseArray({ number: line, text }: TextLine, file: string): void {
  if (!ARRAY_OF_OBJECTS.test(text)) return;
  const message = 'The file is one JSON array, not an object a line.';
  throw new InputError('json_array', message, { file, line }, "Take it apart first: jq -c '.[]'.");
}

/**
 * Reads lines of one JSON object each, whose keys are column names. Numbers and booleans become text,
 * lists are joined with commas, an object under `settings` becomes `key:value,…`, one under a column of JSON stays,
 * null is absent.
 *
 * @throws {InputError} `json_array`, besides what `lines` throws.
 */
export async function* ndjsonRows(
  lines: AsyncIterable<TextLine>,
  columns: Columns,
  { file }: TextLimits,
): AsyncGenerator<Row | RowProblem> {
  let isFirst = true;
  for await (const line of lines) {
    if (line.text.trim() === '') continue;
    if (isFirst) refuseArray(line, file);
    isFirst = false;
    yield toRow(line, columns);
  }
}
