import { setImmediate as nextTurn } from 'node:timers/promises';
import { oneAhead } from '../../chunk.ts';
import { type BatchKind, MIXED } from '../../jobs/batches/batch-kind.ts';
import type { NewBatch } from '../../jobs/batches/batches.ts';
import { keepKinds } from '../../jobs/batches/row-kinds.ts';
import type { SteeringChange } from '../../jobs/batches/steering.ts';
import { openSubmission } from '../../jobs/batches/submission.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { keepOriginals, originalSealer, type WithOriginal } from '../../jobs/fleet/original-rows.ts';
import { openGate } from '../../jobs/gate/gate.ts';
import type { JobKind } from '../../jobs/kinds/job-kinds.ts';
import { type AddedRows, addPrepared, enterAdded, type RowRequest } from '../../jobs/queue/enqueue.ts';
import { type PreparedRow, prepareRow } from '../../jobs/queue/new-job.ts';
import { createLeanHeap } from '../../lean-heap.ts';
import type { FailureShare } from './steering-input.ts';

/** Milliseconds between two looks at a batch while it is queued. */
const LOOK_MS = 500;

/** A row to be queued, with what its file says. */
export type BatchRow = RowRequest & WithOriginal;

/** What a batch is, before it has rows. */
export interface BatchInput {
  /** Of a batch that the caller has made; absent = it is made. */
  readonly id?: string | undefined;
  readonly kind: BatchKind;
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
 * ends, the batch's total is what was queued. Rows that were being added when it failed count, too: the batch does not end
 * without them, those that have jobs are found, and the others end as lost (`workers/recovery/missing-rows.ts`).
 * @returns how many rows that was
 */
export async function queueRows(
  fleet: KeyedFleet,
  { batchId, batch, chunks }: NewRows,
  { signal, look }: QueueRowsOptions,
): Promise<number> {
  const open = await openSubmission(fleet, batchId, batch);
  let queued = 0;
  let begun = 0;
  let lookedAt = performance.now();
  const onAdding = (rows: number): void => {
    begun += rows;
  };
  try {
    for await (const chunk of oneAhead(added(fleet, { batchId, batch, chunks }, signal, onAdding))) {
      await enterAdded(fleet, batchId, chunk);
      await openGate(fleet);
      queued += chunk.rows.length;
      if (queued === batch.total || performance.now() - lookedAt < LOOK_MS) continue;
      lookedAt = performance.now();
      await look();
    }
    return queued;
  } finally {
    try {
      await fleet.batches.setTotal(batchId, begun);
    } finally {
      await open.close();
    }
  }
}

/**
 * Adds the jobs of chunks, one chunk after the other: of the next one while the rows of the one before are made known to the
 * batch, so that Redis has something to do. Ends early as `queueRows` does.
 */
async function* added(
  fleet: KeyedFleet,
  rows: NewRows,
  signal: AbortSignal,
  onAdding: (rows: number) => void,
): AsyncGenerator<AddedRows> {
  const { batchId } = rows;
  for await (const { rows: some, originals, kinds } of oneAhead(prepared(fleet, rows))) {
    if (signal.aborted || (await fleet.batches.halt(batchId)) !== undefined) return;
    // First, so that no row that fails at once lacks them.
    await keepOriginals(fleet, batchId, originals);
    await keepKinds(fleet.redis, fleet.keys, batchId, kinds);
    // Before they are: where that fails half-way, some have jobs, and the others end as lost.
    onAdding(some.length);
    yield await addPrepared(fleet, some);
  }
}

/** Rows that are prepared before what Redis has answered meanwhile is looked at. */
const ROWS_A_TURN = 25;

/** A chunk of rows with all that is sent to Redis. */
interface PreparedChunk {
  readonly rows: readonly PreparedRow[];
  readonly originals: Map<string, string>;
  /** Only of a batch of several kinds. */
  readonly kinds: Map<string, JobKind>;
}

/** Seals and signs the rows of chunks, which takes about as long as Redis takes to queue them: both are done side by side. */
async function* prepared(
  fleet: KeyedFleet,
  { batchId, batch, chunks }: NewRows,
): AsyncGenerator<PreparedChunk> {
  const sealed = originalSealer(fleet, batchId);
  const heap = createLeanHeap();
  for await (const chunk of chunks) {
    const rows: PreparedRow[] = [];
    const originals = new Map<string, string>();
    const kinds = new Map<string, JobKind>();
    for (const request of chunk) {
      heap.step();
      rows.push(prepareRow(fleet, batchId, { ...request, author: batch }));
      const original = sealed(request);
      if (batch.kind === MIXED) kinds.set(String(request.row), request.work.kind);
      if (original !== undefined) originals.set(String(request.row), original);
      if (rows.length % ROWS_A_TURN === 0) await nextTurn();
    }
    yield { rows, originals, kinds };
  }
}
