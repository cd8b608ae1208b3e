import { createHash } from 'node:crypto';
import { batchIdFrom } from '../../jobs/batches/batch-id.ts';

/** The batch of a plan: submitted twice it is the same one. */
export function batchOfPlan(planId: string): string {
  return batchIdFrom(digest(`batch ${planId}`));
}

/** The job of a row of a plan, as a UUID of version 8. */
export function jobOfRow(planId: string, row: number): string {
  const hex = digest(`row ${row} ${planId}`).toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
