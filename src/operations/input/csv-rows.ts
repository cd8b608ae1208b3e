import { InputError } from '../../errors.ts';
import { kindOfFlag } from '../../instances/values/value-kinds.ts';
import { type Columns, type HeaderPlace, isTold } from './columns.ts';
import { csvRecords } from './csv-records.ts';
import type { Row, RowProblem } from './row-format.ts';
import { fromCell } from './spreadsheet-text.ts';
import type { TextLimits, TextLine } from './text-lines.ts';

/** What only draws a line below a header or around a table. */
const RULER = /^[\s|+:=_*\-\u2500-\u257f]+$/u;

/** What clients of databases write below what they found. */
const ROW_COUNT = /^\(?\d[\d.,]*\s+(?:rows?|lignes?|zeilen?|filas?|righe|riga|rijen|rij)\b/iu;

function problemOf(header: readonly string[], fields: readonly string[]): string | undefined {
  const written = fields.filter((field) => field.trim() !== '');
  if (written.every((field) => RULER.test(field)))
    return 'the line only draws a rule, as clients of databases do';
  if (written.length === 1 && written.every((field) => ROW_COUNT.test(field.trim()))) {
    return 'the line only counts rows, as clients of databases do';
  }
  const beyond = fields.slice(header.length).some((field) => field.trim() !== '');
  if (fields.length < header.length || beyond) {
    return `the number of fields is ${fields.length}, the header has ${header.length}`;
  }
  return undefined;
}

/** What we export, we read as it was. A secret is no export of ours, and is taken as it is. */
function valueIn(name: string, field: string): string {
  return kindOfFlag(name) === 'secret' ? field : fromCell(field);
}

/** The names of columns, as they are meant and as the file writes them. */
interface Header {
  readonly names: readonly string[];
  /** By name; undefined where all are written as they are meant. */
  readonly written: Readonly<Record<string, string>> | undefined;
}

function headerOf(names: readonly string[], fields: readonly string[]): Header {
  const written = names.map((name, index) => [name, (fields[index] ?? name).trim()] as const);
  const isCanonical = written.every(([name, text]) => name === text);
  return { names, written: isCanonical ? undefined : Object.fromEntries(written) };
}

function toRow(line: number, { names, written }: Header, fields: readonly string[]): Row | RowProblem {
  const message = problemOf(names, fields);
  if (message !== undefined) return { kind: 'problem', line, message };
  const named = names.map((name, index) => [name, valueIn(name, fields[index] ?? '')] as const);
  const values = Object.fromEntries(named.filter(([name]) => !isTold(name)));
  return { kind: 'row', line, values, ...(written !== undefined && { written }) };
}

/**
 * Whether the fields are the names of columns once more, as where files were joined.
 *
 * @throws {InputError} `second_header` when they are not the same names in the same order: what follows would
 * be read under the wrong ones.
 */
function isHeaderAgain(
  columns: Columns,
  header: readonly string[],
  fields: readonly string[],
  place: HeaderPlace,
): boolean {
  const written = fields.filter((field) => field.trim() !== '');
  const names = written.map((field) => columns.find(field));
  if (!names.includes('domain') || names.includes(undefined)) return false;
  if (names.length === header.length && names.every((name, at) => name === header[at])) return true;
  throw new InputError(
    'second_header',
    'Another header begins here, with other columns: files were joined.',
    place,
    'Submit the files one by one.',
  );
}

/**
 * Reads CSV lines, of which the first names the columns. Fields beyond those with a name must be blank.
 *
 * @throws {InputError} for a header that cannot be used, and for what ends the reading of a CSV.
 */
export async function* csvRows(
  lines: AsyncIterable<TextLine>,
  columns: Columns,
  limits: TextLimits,
): AsyncGenerator<Row | RowProblem> {
  let header: Header | undefined;
  for await (const record of csvRecords(lines, limits)) {
    if (header === undefined) {
      const place = { file: limits.file, line: record.line };
      if (record.kind === 'problem')
        throw new InputError('bad_header', `The header: ${record.message}.`, place);
      header = headerOf(columns.matchHeader(record.fields, place), record.fields);
    } else if (record.kind === 'problem') {
      yield record;
    } else if (
      isHeaderAgain(columns, header.names, record.fields, { file: limits.file, line: record.line })
    ) {
      const message = 'the header is repeated, as where files were joined: delete this line';
      yield { kind: 'problem', line: record.line, message };
    } else {
      yield toRow(record.line, header, record.fields);
    }
  }
}
