import { oneAhead } from '../../chunk.ts';
import type { NewBatch } from '../../jobs/batches/batches.ts';
import type { SteeringChange } from '../../jobs/batches/steering.ts';
import { openSubmission } from '../../jobs/batches/submission.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { keepOriginals, type WithOriginal } from '../../jobs/fleet/original-rows.ts';
import { openGate } from '../../jobs/gate/gate.ts';
import type { JobKind } from '../../jobs/kinds/job-kinds.ts';
import { enqueueRows, type RowRequest } from '../../jobs/queue/enqueue.ts';
import type { FailureShare } from './steering-input.ts';

/** Milliseconds between two looks at a batch while it is queued. */
const LOOK_MS = 500;

/** A row to be queued, with what its file says. */
export type BatchRow = RowRequest & WithOriginal;

/** What a batch is, before it has rows. */
export interface BatchInput {
  /** Of a batch that the caller has made; absent = it is made. */
  readonly id?: string | undefined;
  readonly kind: JobKind;
  readonly name: string;
  /** Why, for the record; may be empty. */
  readonly reason: string;
  /** More failed rows than this stop the batch; undefined = none does. */
  readonly maxFailures: FailureShare | undefined;
  /** What holds it back from the beginning. */
  readonly steering?: SteeringChange | undefined;
  /** Address to be notified of its end; undefined = none. */
  readonly notify?: string | undefined;
  /** Rows that will be queued. */
  readonly total: number;
  /** Rows in the order in which they are to be queued, as many at a time as is good for Redis. */
  readonly chunks: AsyncIterable<readonly BatchRow[]>;
}

/** Rows of a batch that was just made. */
export interface NewRows {
  readonly batchId: string;
  /** As the batch was made. */
  readonly batch: NewBatch;
  readonly chunks: BatchInput['chunks'];
}

export interface QueueRowsOptions {
  /** Aborted when no further chunk is to be queued. */
  readonly signal: AbortSignal;
  /** Called now and then while rows are queued. */
  look(): Promise<unknown>;
}

/**
 * Queues the rows of a new batch in chunks; stops early when asked to, or when the batch is halted. However it
 * ends, the batch's total is what was queued.
 * @returns how many rows that was
 */
export async function queueRows(
  fleet: KeyedFleet,
  { batchId, batch, chunks }: NewRows,
  { signal, look }: QueueRowsOptions,
): Promise<number> {
  const open = await openSubmission(fleet, batchId, batch);
  let queued = 0;
  let lookedAt = performance.now();
  try {
    for await (const chunk of oneAhead(chunks)) {
      if (signal.aborted || (await fleet.batches.halt(batchId)) !== undefined) break;
      // First, so that no row that fails at once lacks them.
      await keepOriginals(fleet, batchId, chunk);
      await enqueueRows(
        fleet,
        batchId,
        chunk.map((row) => ({ ...row, author: batch })),
      );
      await openGate(fleet);
      queued += chunk.length;
      if (queued === batch.total || performance.now() - lookedAt < LOOK_MS) continue;
      lookedAt = performance.now();
      await look();
    }
    return queued;
  } finally {
    try {
      await fleet.batches.setTotal(batchId, queued);
    } finally {
      await open.close();
    }
  }
}
