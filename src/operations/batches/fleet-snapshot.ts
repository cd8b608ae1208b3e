import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { listWorkers, type WorkerState } from '../../jobs/redis/worker-heartbeat.ts';
import { type QueueDepth, queueDepth } from '../jobs/queue-depth.ts';
import { type BatchSummary, batchSummary, queuedRows } from './batch-state.ts';
import { addedUp, MOST_STEPS, type RateHistory, rateHistory } from './rate-history.ts';

/** A batch in a list of the fleet. */
export interface ListedBatch extends BatchSummary {
  /** Rows that reached the queue. */
  readonly queued: number;
}

/** The fleet as a whole at one moment. */
export interface FleetSnapshot {
  /** The latest ones, newest first. */
  readonly batches: readonly ListedBatch[];
  readonly queue: QueueDepth;
  readonly workers: readonly WorkerState[];
  /** Rows of these batches that ended of late. */
  readonly rate: RateHistory;
}

/** Batches that are looked at. */
const MOST_BATCHES = 20;

/** How far back the rate of the fleet goes, in milliseconds. */
const RATE_WINDOW_MS = 30 * 60_000;

/** @param now milliseconds since 1970 */
export async function fleetSnapshot(fleet: Fleet, now = Date.now()): Promise<FleetSnapshot> {
  const { batches, redis, keys } = fleet;
  const [latest, queue, workers] = await Promise.all([
    batches.list(MOST_BATCHES),
    queueDepth(fleet),
    listWorkers(redis, keys),
  ]);
  const since = now - RATE_WINDOW_MS;
  const recent = latest.filter(({ endedAt = now }) => endedAt >= since);
  const ended = addedUp(await Promise.all(recent.map(({ id }) => batches.ended(id))));
  return {
    batches: latest.map((batch) => ({ ...batchSummary(batch), queued: queuedRows(batch) })),
    queue,
    workers,
    rate: rateHistory(
      ended.filter(({ at }) => at >= since),
      now,
      MOST_STEPS,
    ),
  };
}
