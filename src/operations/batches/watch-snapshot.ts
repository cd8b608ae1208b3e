import { type BatchSummary, batchSummary, endedRows, queuedRows } from './batch-state.ts';
import type { BatchView } from './follow-batch.ts';
import type { Hold } from './holds.ts';
import type { StageCount } from './stage-counts.ts';

/** What is seen of a batch that is watched at one moment, as programs read it. */
export interface WatchSnapshot extends BatchSummary {
  /** Rows that reached the queue; fewer than `total` while they are being queued. */
  readonly queued: number;
  /** Rows that have ended, whichever way. */
  readonly ended: number;
  readonly workers: number;
  /** Rows that end in a second, over the last seconds; absent until it can be told. */
  readonly perSecond?: number;
  /** About how long it takes for the rest; absent until it can be told. */
  readonly secondsLeft?: number;
  readonly activeByStage: readonly StageCount[];
  /** How long the first row that waits has been in the queue; absent where none waits. */
  readonly oldestWaitingSeconds?: number;
  /** What keeps it from going on. */
  readonly holds: readonly Hold[];
}

export function watchSnapshot(view: BatchView): WatchSnapshot {
  const { batch, workers, rate, activeByStage, oldestWaitingMs, holds } = view;
  const left = secondsLeft(view);
  return {
    ...batchSummary(batch),
    queued: queuedRows(batch),
    ended: endedRows(batch),
    workers: workers.length,
    ...(rate === undefined ? {} : { perSecond: Math.round(rate * 10) / 10 }),
    ...(left === undefined ? {} : { secondsLeft: Math.round(left) }),
    activeByStage,
    ...(oldestWaitingMs === undefined ? {} : { oldestWaitingSeconds: Math.round(oldestWaitingMs / 1000) }),
    holds,
  };
}

/** How long the rest takes at the rate of the last seconds; undefined where nothing ends, or nothing is left. */
export function secondsLeft({ batch, rate }: Pick<BatchView, 'batch' | 'rate'>): number | undefined {
  const left = batch.total - endedRows(batch);
  return rate === undefined || rate <= 0 || left <= 0 ? undefined : left / rate;
}
