import { isRowNumber } from '../batches/batch-record.ts';
import type { Batches, RowInfo } from '../batches/batches.ts';
import type { FinalRowState } from '../batches/row-state.ts';
import type { Claims } from '../claims/claims.ts';
import { namesOf, type Payload } from '../kinds/payload.ts';

/** How a job ended for good. */
export interface Ending extends RowInfo {
  readonly state: FinalRowState;
  readonly generation: number;
  readonly attempt: number;
}

/** What the rows learn that waited for the job of another batch: who was first made it, for them it was there. */
function joinedState(state: FinalRowState): FinalRowState {
  return state === 'done' ? 'skipped' : state;
}

/**
 * Records the end of a job: its batch row, the names it held, and the rows that waited for it.
 * Every part may be repeated, for a worker can die between any two of them.
 */
export async function settle(
  batches: Batches,
  claims: Claims,
  jobId: string,
  payload: Payload,
  ending: Ending,
): Promise<void> {
  const { state, ...rest } = ending;
  if (payload.batch !== undefined) {
    await batches.report({ ...rest, jobId, state, batchId: payload.batch.id, row: payload.batch.row });
  }
  const { incarnation: _theirs, ...shared } = rest;
  for (const joiner of await claims.release(jobId, namesOf(payload))) {
    const [batchId = '', row = ''] = joiner.split(' ');
    // What somebody else has put among them must not keep the job from ending.
    if (!isRowNumber(Number(row))) continue;
    await batches.report({ ...shared, jobId, state: joinedState(state), batchId, row: Number(row) });
  }
}
