import { FleetError } from '../../errors.ts';
import { isBeingSubmitted } from '../../jobs/batches/submission.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { openGate } from '../../jobs/gate/gate.ts';
import { type Author, authorText } from '../../jobs/kinds/author.ts';
import { requestCancel } from '../../jobs/queue/cancellations.ts';
import { queuedRows } from './batch-state.ts';

export interface CancelledBatch {
  /** Running rows that were asked to stop. */
  readonly stopped: number;
  /** Rows that wait, and will be passed over. */
  readonly passedOver: number;
}

/**
 * Stops a batch: what waits is passed over, what runs stops at its next safe point.
 * @param author who wants it and why, for the record
 * @throws InputError `unknown_batch`, FleetError `ended`
 */
export async function cancelBatch(fleet: Fleet, id: string, author: Author): Promise<CancelledBatch> {
  const { redis, keys, batches } = fleet;
  const { endedAt } = await batches.get(id);
  if (endedAt !== undefined) throw new FleetError('ended', `batch ${id} has ended: there is nothing to stop`);
  await batches.setHalt(id, 'cancelled', author);
  await openGate(fleet);
  let stopped = 0;
  for (const state of ['active', 'retrying'] as const) {
    for await (const { jobId } of batches.rows(id, state)) {
      if (jobId === undefined) continue;
      await requestCancel(redis, keys, jobId, authorText(author));
      stopped += 1;
    }
  }
  const batch = await batches.get(id);
  // Who submits it notices the halt, and says how many rows there are: some may have jobs that the batch does not know yet.
  if (queuedRows(batch) < batch.total && !(await isBeingSubmitted(fleet, id))) {
    await batches.setTotal(id, queuedRows(batch));
  }
  return { stopped, passedOver: batch.counts.waiting };
}
