import type { Batches, Row } from '../../src/jobs/batches/batches.ts';

/** One row of a batch; undefined where it has none of that number. */
export async function batchRow(batches: Batches, batchId: string, number: number): Promise<Row | undefined> {
  for await (const row of batches.rows(batchId)) if (row.row === number) return row;
  return undefined;
}
