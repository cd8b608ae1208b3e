import type { Batch } from '../../jobs/batches/batches.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type WaitingRows, waitingRows } from './failure-groups.ts';
import { activeByStage, type StageCount } from './stage-counts.ts';

/** What has to be asked of jobs, besides what a batch counts itself. */
export interface BatchDetail {
  /** Where the rows are that are worked on, in the order of the stages. */
  readonly activeByStage: readonly StageCount[];
  /** How long its first row that waits has been in the queue, in milliseconds; undefined where none waits. */
  readonly oldestWaitingMs: number | undefined;
  /** What rows of it wait for that no worker tells of itself. */
  readonly waits: readonly WaitingRows[];
}

/**
 * Asks jobs how they are doing; what it costs does not grow with the batch.
 * @param now milliseconds since 1970
 */
export async function batchDetail(fleet: Fleet, batch: Batch, now: number): Promise<BatchDetail> {
  const { id, kind, counts } = batch;
  const [stages, since, waits] = await Promise.all([
    counts.active === 0 ? [] : activeByStage(fleet, id, kind),
    counts.waiting === 0 ? undefined : queuedAt(fleet, id),
    waitingRows(fleet.batches, batch),
  ]);
  const oldestWaitingMs = since === undefined ? undefined : Math.max(0, now - since);
  return { activeByStage: stages, oldestWaitingMs, waits };
}

/** When the first row that waits was queued: rows are queued in the order of their numbers. */
async function queuedAt({ redis, keys, batches }: Fleet, id: string): Promise<number | undefined> {
  for await (const { jobId } of batches.rows(id, 'waiting')) {
    if (jobId === undefined) return undefined;
    // Anybody may have written what is there.
    const [text] = await redis.hmget(keys.bull(jobId), 'timestamp').catch(() => []);
    return /^\d{1,15}$/.test(text ?? '') ? Number(text) : undefined;
  }
  return undefined;
}
