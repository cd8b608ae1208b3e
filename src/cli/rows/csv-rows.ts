import { InputError } from '../../errors.ts';
import type { Columns } from './columns.ts';
import { csvRecords } from './csv-records.ts';
import type { Row, RowProblem } from './row.ts';
import type { TextLimits, TextLine } from './text-lines.ts';

function toRow(line: number, header: readonly string[], fields: readonly string[]): Row | RowProblem {
  if (fields.length !== header.length) {
    const message = `the number of fields is ${fields.length}, the header has ${header.length}`;
    return { kind: 'problem', line, message };
  }
  const values = Object.fromEntries(header.map((name, index) => [name, fields[index] ?? '']));
  return { kind: 'row', line, values };
}

/**
 * Reads CSV lines, of which the first names the columns.
 *
 * @throws {InputError} for a header that cannot be used, and for what ends the reading of a CSV.
 */
export async function* csvRows(
  lines: AsyncIterable<TextLine>,
  columns: Columns,
  limits: TextLimits,
): AsyncGenerator<Row | RowProblem> {
  let header: string[] | undefined;
  for await (const record of csvRecords(lines, limits)) {
    if (header === undefined) {
      const place = { file: limits.file, line: record.line };
      if (record.kind === 'problem')
        throw new InputError('bad_header', `The header: ${record.message}.`, place);
      header = columns.matchHeader(record.fields, place);
    } else if (record.kind === 'problem') {
      yield record;
    } else {
      yield toRow(record.line, header, record.fields);
    }
  }
}
