import type { EndedRows } from '../../jobs/batches/batches.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type BatchSummary, batchSummary, endedRows, queuedRows } from './batch-state.ts';
import { type FailureCount, type Failures, failuresOf } from './failure-counts.ts';
import { createRate } from './rate.ts';
import { type RateHistory, rateHistory } from './rate-history.ts';
import { activeByStage, type StageCount } from './stage-counts.ts';

/** All that is shown of a batch at one moment, as programs and pages read it. */
export interface BatchSnapshot extends BatchSummary {
  /** Rows that reached the queue; fewer than `total` while they are being queued. */
  readonly queued: number;
  /** Rows that have ended, whichever way. */
  readonly ended: number;
  /** Rows that end in a second, over the last seconds; absent until it can be told, and once it has ended. */
  readonly perSecond?: number;
  /** Where the rows are that are worked on. */
  readonly activeByStage: readonly StageCount[];
  /** Where the rows stopped that failed or are incomplete. */
  readonly failedByStage: readonly StageCount[];
  /** Why they did, most frequent first. */
  readonly failures: readonly FailureCount[];
  readonly rate: RateHistory;
}

/** Looks at one batch again and again. */
export interface BatchLooker {
  /** @throws InputError `unknown_batch` */
  look(): Promise<BatchSnapshot>;
}

/**
 * What it costs Redis does not grow with the batch.
 * @param now milliseconds since 1970
 */
export function createBatchLooker(fleet: Fleet, id: string, now: () => number = Date.now): BatchLooker {
  const rate = createRate();
  let failed: Failures = { byCode: [], byStage: [] };
  let history: readonly EndedRows[] = [];
  let seen = '';

  return {
    async look() {
      const batch = await fleet.batches.get(id);
      const at = now();
      rate.add(endedRows(batch), at);
      // The end is told besides: a row that was tried again and ended between two looks leaves the counts as they were.
      const counted = JSON.stringify([batch.counts, batch.endedAt]);
      if (counted !== seen) {
        history = await fleet.batches.ended(id);
        failed = await failuresOf(fleet.batches, batch);
      }
      seen = counted;
      const { perSecond } = rate;
      return {
        ...batchSummary(batch),
        queued: queuedRows(batch),
        ended: endedRows(batch),
        ...(perSecond === undefined || batch.endedAt !== undefined ? {} : { perSecond: tenths(perSecond) }),
        activeByStage: batch.counts.active === 0 ? [] : await activeByStage(fleet, id, batch.kind),
        failedByStage: failed.byStage,
        failures: failed.byCode,
        rate: rateHistory(history, batch.endedAt ?? at),
      };
    },
  };
}

/** A batch as it is now, for those who look once. @throws InputError `unknown_batch` */
export async function batchSnapshot(fleet: Fleet, id: string): Promise<BatchSnapshot> {
  return await createBatchLooker(fleet, id).look();
}

function tenths(perSecond: number): number {
  return Math.round(perSecond * 10) / 10;
}
