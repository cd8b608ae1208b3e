import { enqueueRows, type RowRequest } from '../../jobs/enqueue.ts';
import type { KeyedFleet } from '../../jobs/fleet.ts';

export interface ChunkSubmission {
  readonly fleet: KeyedFleet;
  readonly batchId: string;
  /** Rows in the order in which they are to be queued, as many at a time as is good for Redis. */
  readonly chunks: AsyncIterable<readonly RowRequest[]>;
  /** Aborted when no further chunk is to be queued. */
  readonly signal: AbortSignal;
  /** Told after each chunk how many rows are queued by now. */
  onQueued(rows: number): Promise<void> | void;
}

/**
 * Queues rows in chunks; stops early when asked to, or when the batch is halted. However it ends, the
 * batch's total is what was queued.
 * @returns how many rows that was
 */
export async function enqueueChunks(submission: ChunkSubmission): Promise<number> {
  const { fleet, batchId, chunks, signal, onQueued } = submission;
  let queued = 0;
  try {
    for await (const chunk of chunks) {
      if (signal.aborted || (await fleet.batches.halt(batchId)) !== undefined) break;
      await enqueueRows(fleet, batchId, chunk);
      queued += chunk.length;
      await onQueued(queued);
    }
  } finally {
    await fleet.batches.setTotal(batchId, queued);
  }
  return queued;
}
