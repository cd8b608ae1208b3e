import type { RowState } from '../../jobs/batches/row-state.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import {
  columnsOf,
  exportRows,
  type ReturnedRow,
  returnedCsv,
  returnedHead,
  returnedJson,
} from '../../operations/batches/export-rows.ts';
import { count } from '../../quantity-text.ts';
import type { Output } from '../terminal/output.ts';
import { writeOutput } from '../terminal/output-file.ts';
import type { ExportFormat } from './export-format.ts';

/** Where an export goes, and in which form. */
export interface Destination {
  readonly format: ExportFormat;
  /** Path of a file; absent or `-` for stdout. */
  readonly output: string | undefined;
}

/** Writes rows one by one: a head, also where there are none, and a line each. */
export async function writeRows<Row>(
  rows: AsyncIterable<Row>,
  { head, line }: { readonly head: string; line(row: Row): string },
  output: string | undefined,
): Promise<void> {
  await writeOutput(output, async (put) => {
    let first = head;
    for await (const row of rows) {
      await put(first + line(row));
      first = '';
    }
    await put(first);
  });
}

/**
 * Writes rows of a batch as their file had them, with what became of them. Those of which that is not known any more
 * come with their domain alone, and a note says so.
 * @throws InputError `unknown_batch`, and as `writeOutput`
 */
export async function writeReturnedRows(
  fleet: KeyedFleet,
  { id, states }: { readonly id: string; readonly states: readonly RowState[] },
  { format, output }: Destination,
  notes: Output,
): Promise<void> {
  const columns = format === 'csv' ? await columnsOf(exportRows(fleet, id, states)) : [];
  let bare = 0;
  const line = (row: ReturnedRow): string => {
    if (!row.hasOriginal) bare += 1;
    return format === 'csv' ? returnedCsv(row, columns) : returnedJson(row);
  };
  const rows = exportRows(fleet, id, states);
  const head = format === 'csv' ? returnedHead(columns) : '';
  await writeRows(rows, { head, line }, output);
  if (bare === 0) return;
  notes.note(
    `Of ${count(bare)} ${bare === 1 ? 'row' : 'rows'} only the domain is known: no file was submitted, or it is not kept any more.`,
  );
}
