import { chunks } from '../../chunk.ts';
import type { Row } from '../../jobs/batches/batches.ts';
import type { RowState } from '../../jobs/batches/row-state.ts';
import { exportedPassphrase } from '../../jobs/fleet/exported-passphrase.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { type OriginalRow, readOriginals } from '../../jobs/fleet/original-rows.ts';
import { safeJson } from '../../safe-text.ts';
import { columnKey } from '../input/columns.ts';
import { csvLine } from '../input/write-csv.ts';

/** A row as its file had it, and what became of it. */
export interface ReturnedRow {
  /** Text by column, as the file named them, in its order; the domain alone where nothing was kept. */
  readonly columns: Readonly<Record<string, string>>;
  readonly hasOriginal: boolean;
  /** Empty where the row did not fail. */
  readonly errorCode: string;
  readonly error: string;
  readonly advice: string;
}

/** Rows that are read at a time. */
const PAGE = 200;

/** Columns beside those of the file. */
const WHY = ['error_code', 'error', 'advice'];

/**
 * Rows of a batch in certain states, fit to be corrected and submitted again. A passphrase comes in a form that is good
 * for the same domain on the same fleet alone.
 * @throws InputError `unknown_batch`
 */
export async function* exportRows(
  fleet: KeyedFleet,
  id: string,
  states: readonly RowState[],
): AsyncGenerator<ReturnedRow> {
  await fleet.batches.get(id);
  for await (const page of chunks(fleet.batches.rows(id, ...states), PAGE)) {
    const numbers = page.map(({ row }) => row);
    const originals = await readOriginals(fleet, fleet.sealKey, id, numbers);
    for (const [at, row] of page.entries()) yield returned(row, originals[at], fleet.sealKey);
  }
}

/**
 * The columns of all these rows, in the order in which they are met, each as it was written first. Rows of JSON may each
 * have their own.
 */
export async function columnsOf(rows: AsyncIterable<ReturnedRow>): Promise<string[]> {
  const found = new Map<string, string>();
  for await (const { columns } of rows) {
    for (const name of Object.keys(columns)) {
      const key = columnKey(name);
      if (!found.has(key)) found.set(key, name);
    }
  }
  return [...found.values()];
}

/** Texts of a row in these columns, however it writes their names; empty where it has none. */
export function textsIn(names: readonly string[], { columns }: ReturnedRow): string[] {
  const texts = new Map(Object.entries(columns).map(([name, text]) => [columnKey(name), text]));
  return names.map((name) => texts.get(columnKey(name)) ?? '');
}

/** What comes before rows that are given back, as CSV. @param columns of all of them */
export function returnedHead(columns: readonly string[]): string {
  return csvLine([...columns, ...WHY]);
}

/** One row that is given back, as CSV, with its line break. @param columns of all of them */
export function returnedCsv(row: ReturnedRow, columns: readonly string[]): string {
  const { errorCode, error, advice } = row;
  return csvLine([...textsIn(columns, row), errorCode, error, advice]);
}

/** One row that is given back, as JSON, with its line break. */
export function returnedJson({ columns, errorCode, error, advice }: ReturnedRow): string {
  return `${safeJson(JSON.stringify({ ...columns, error_code: errorCode, error, advice }))}\n`;
}

/**
 * A whole file of rows in certain states, as CSV: read twice, for the head has to have all columns.
 * @throws InputError `unknown_batch`, before the first line
 */
export async function* returnedFile(
  fleet: KeyedFleet,
  id: string,
  states: readonly RowState[],
): AsyncGenerator<string> {
  const columns = await columnsOf(exportRows(fleet, id, states));
  yield returnedHead(columns);
  for await (const row of exportRows(fleet, id, states)) yield returnedCsv(row, columns);
}

function returned(row: Row, original: OriginalRow | undefined, sealKey: string): ReturnedRow {
  const { domain, code = '', error = '', advice = '' } = row;
  const columns = original === undefined ? { domain } : columnsAgain(original, sealKey);
  return { columns, hasOriginal: original !== undefined, errorCode: code, error, advice };
}

function columnsAgain({ columns, passphrase, owner }: OriginalRow, sealKey: string): Record<string, string> {
  const texts = Object.fromEntries(columns);
  if (passphrase === undefined || owner === undefined) return texts;
  const column = columns.find(([name]) => columnKey(name) === 'passphrase')?.[0] ?? 'passphrase';
  return { ...texts, [column]: exportedPassphrase(sealKey, passphrase, owner) };
}
