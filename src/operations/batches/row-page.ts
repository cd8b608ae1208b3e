import type { Row } from '../../jobs/batches/batches.ts';
import type { RowState } from '../../jobs/batches/row-state.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';

/** Which rows of a batch are wanted. */
export interface RowQuery {
  /** None = all. */
  readonly states: readonly RowState[];
  /** Rows after this one; 0 = from the first. */
  readonly after: number;
  readonly limit: number;
}

/** Some rows of a batch, in the order of their numbers. */
export interface RowPage {
  readonly rows: readonly Row[];
  /** What `after` has to be for the next page; absent when this is the last one. */
  readonly next?: number;
}

/** @throws InputError `unknown_batch` */
export async function rowPage(
  { batches }: Pick<Fleet, 'batches'>,
  id: string,
  { states, after, limit }: RowQuery,
): Promise<RowPage> {
  await batches.get(id);
  const rows: Row[] = [];
  for await (const row of batches.rowsAfter(id, after, states)) {
    const last = rows.at(-1);
    if (rows.length === limit && last !== undefined) return { rows, next: last.row };
    rows.push(row);
  }
  return { rows };
}
