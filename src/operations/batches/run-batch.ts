import type { Batch } from '../../jobs/batches/batches.ts';
import { waitsAfterCanary } from '../../jobs/batches/hold-of.ts';
import type { Fleet, KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { sealAddress } from '../../jobs/fleet/notices.ts';
import { reportWorkers, type WorkersReport } from '../jobs/job-report.ts';
import type { RunOptions } from '../jobs/run-job.ts';
import { type WaitEnd, type WaitLimit, type WaitOptions, withWaitLimit } from '../wait-limit.ts';
import { type BatchFollower, type BatchView, createFollower, followBatch } from './follow-batch.ts';
import { type BatchInput, queueRows } from './queue-rows.ts';
import { failureLimit } from './steering-input.ts';

/** What an operation tells of a batch on its way. */
export type BatchReport =
  /** It is there, without rows so far. */
  | { readonly event: 'made'; readonly batchId: string; readonly total: number }
  /** How far it is. */
  | { readonly event: 'view'; readonly view: BatchView }
  /** It is followed no more: no further view comes. */
  | { readonly event: 'last-view' }
  /** Not all rows were queued: the caller had enough, or the batch was halted. */
  | { readonly event: 'cut-short'; readonly queued: number; readonly total: number }
  | WorkersReport;

export type BatchReporter = (report: BatchReport) => void;

/** How a batch is run and waited for. */
export interface RunBatchOptions extends RunOptions {
  /** Who wants it, for the record: `user@host`. */
  readonly actor: string;
}

/** A batch that was followed to its end, to that of its canary or until the limit. */
export interface FollowedBatch {
  readonly state: 'followed';
  readonly batch: Batch;
  /**
   * Why the caller waits no more; the batch may have ended all the same. `canary`: all its rows have ended, and the others wait
   * until somebody has the batch go on.
   */
  readonly endedBy: WaitEnd | 'canary' | undefined;
}

/** What became of a batch that was submitted. */
export type BatchResult = (FollowedBatch | { readonly state: 'queued'; readonly batch: Batch }) & {
  /** Rows that were queued, of those that were to be. */
  readonly queued: number;
  readonly total: number;
};

/** Makes a batch, queues its rows and, unless `async`, follows it to its end or until the limit. */
export async function runBatch(
  fleet: KeyedFleet,
  input: BatchInput,
  { async, actor, ...wait }: RunBatchOptions,
  report: BatchReporter,
): Promise<BatchResult> {
  const { chunks, id, notify: address, maxFailures, ...facts } = input;
  const { total } = facts;
  const failures = maxFailures === undefined ? {} : failureLimit(maxFailures, total);
  const notify = address === undefined ? undefined : sealAddress(fleet.sealKey, address);
  const batch = { ...facts, ...failures, by: actor, notify };
  return await withWaitLimit(wait, async (limit) => {
    const { signal } = limit;
    const batchId = id ?? (await fleet.batches.create(batch));
    report({ event: 'made', batchId, total });
    const follower = createFollower(fleet, batchId, (view) => report({ event: 'view', view }));
    const look = () => follower.look();
    const queued = await queueRows(fleet, { batchId, batch, chunks }, { signal, look });
    if (queued < total) report({ event: 'cut-short', queued, total });
    if (async && limit.endedBy === undefined) {
      await reportWorkers(fleet, report);
      return { state: 'queued', batch: await fleet.batches.get(batchId), queued, total };
    }
    return { ...(await followToEnd(follower, limit, report)), queued, total };
  });
}

/**
 * Follows a batch that is there, to its end or until the limit.
 * @throws InputError `unknown_batch`, FleetError `lost_batch`
 */
export async function watchBatch(
  fleet: Fleet,
  batchId: string,
  wait: WaitOptions,
  report: BatchReporter,
): Promise<FollowedBatch> {
  return await withWaitLimit(wait, async (limit) => {
    const follower = createFollower(fleet, batchId, (view) => report({ event: 'view', view }));
    return await followToEnd(follower, limit, report);
  });
}

async function followToEnd(
  follower: BatchFollower,
  limit: WaitLimit,
  report: BatchReporter,
): Promise<FollowedBatch> {
  limit.startClock();
  try {
    const batch = await followBatch(follower, limit.signal);
    const endedBy = limit.endedBy ?? (waitsAfterCanary(batch) ? 'canary' : undefined);
    return { state: 'followed', batch, endedBy };
  } finally {
    report({ event: 'last-view' });
  }
}
