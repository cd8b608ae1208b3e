import { InputError } from '../../errors.ts';
import { Columns } from './columns.ts';
import { csvRows } from './csv-rows.ts';
import { type ListEnd, refuseOtherCount, withoutListEnd } from './list-end.ts';
import { ndjsonRows } from './ndjson-rows.ts';
import type { Row, RowFormat, RowProblem } from './row-format.ts';
import { textLines } from './text-lines.ts';

export interface ReadRowsOptions {
  /** Name of the file, for errors. */
  readonly file: string;
  /** Canonical names of the columns that may occur; `domain` among them. */
  readonly columns: readonly string[];
  /** Longest line, or record over several lines, in bytes. */
  readonly maxLineBytes?: number;
  /** Told of the end of a list that says how many rows it has, once that was seen to be so. */
  onEnd?(end: ListEnd): void;
}

/**
 * Reads the rows of a file as it streams by, in memory bounded by `maxLineBytes`. Lines are counted
 * as an editor counts them; a row has the line it starts on. A line that cannot be read as a row is
 * yielded as a problem, and the reading goes on.
 *
 * @throws {InputError} when the file as a whole cannot be read: wrong encoding, a header that cannot
 * be used, an unclosed quotation mark, a line that is too long, not a single row, an end that tells of other rows.
 */
export async function* readRows(
  stream: AsyncIterable<Uint8Array>,
  format: RowFormat,
  { file, columns, maxLineBytes = 1024 ** 2, onEnd }: ReadRowsOptions,
): AsyncGenerator<Row | RowProblem> {
  const limits = { file, maxLineBytes };
  const known = new Columns(columns);
  let end: ListEnd | undefined;
  const lines = withoutListEnd(textLines(stream, limits), format, file, (told) => {
    end = told;
  });
  const rows = format === 'csv' ? csvRows(lines, known, limits) : ndjsonRows(lines, known, limits);

  let count = 0;
  for await (const row of rows) {
    count += 1;
    yield row;
  }
  refuseOtherCount(end, count, file);
  if (count === 0) throw new InputError('no_rows', 'There are no rows in it.', { file });
  if (end !== undefined) onEnd?.(end);
}
