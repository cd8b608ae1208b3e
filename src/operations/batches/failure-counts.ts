import type { Batch, Row } from '../../jobs/batches/batches.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type StageCount, stoppedByStage } from './stage-counts.ts';

/** How many rows of a batch failed for one cause. */
export interface FailureCount {
  /** Code of the error (`docs/errors.md`). */
  readonly code: string;
  readonly rows: number;
}

/** Why rows of a batch failed or are incomplete, and where. */
export interface Failures {
  /** Most frequent first. */
  readonly byCode: readonly FailureCount[];
  readonly byStage: readonly StageCount[];
}

/** Least milliseconds between two counts: each reads all rows that failed. */
const COUNT_MS = 3_000;

/** Counting takes at most such a part of the time, however many rows there are. */
const LARGEST_PART = 0.1;

/** Causes that are told; a fleet has far fewer, but anybody may have written what Redis keeps. */
const MOST_CAUSES = 50;

const NONE: Failures = { byCode: [], byStage: [] };

/** Counts what failed in one batch. */
export interface FailureCounter {
  /** As it is now, or as it was seconds ago while rows go on failing. */
  count(batch: Batch): Promise<Failures>;
}

/** @param now milliseconds, of any steady clock */
export function createFailureCounter(
  { batches }: Pick<Fleet, 'batches'>,
  now: () => number = () => performance.now(),
): FailureCounter {
  let known = NONE;
  let failed = 0;
  let ended: number | undefined;
  let nextAt = Number.NEGATIVE_INFINITY;
  let counting: Promise<Failures> | undefined;

  async function countAll({ id, kind }: Batch): Promise<Failures> {
    const begun = now();
    const rows: Pick<Row, 'code' | 'stage'>[] = [];
    for await (const { code, stage } of batches.rows(id, 'failed', 'incomplete')) {
      rows.push({ ...(code !== undefined && { code }), ...(stage !== undefined && { stage }) });
    }
    const end = now();
    nextAt = Math.max(begun + COUNT_MS, end + (end - begun) / LARGEST_PART);
    return { byCode: byCode(rows), byStage: stoppedByStage(rows, kind) };
  }

  return {
    async count(batch) {
      const failedNow = batch.counts.failed + batch.counts.incomplete;
      if (failedNow === 0) return NONE;
      if (counting !== undefined) return await counting;
      const hasEnded = batch.endedAt !== undefined && batch.endedAt !== ended;
      if (!hasEnded && (failedNow === failed || now() < nextAt)) return known;
      counting = countAll(batch);
      try {
        known = await counting;
      } finally {
        counting = undefined;
      }
      failed = failedNow;
      ended = batch.endedAt;
      return known;
    },
  };
}

function byCode(rows: readonly Pick<Row, 'code'>[]): FailureCount[] {
  const counts = new Map<string, number>();
  for (const { code = 'unknown' } of rows) counts.set(code, (counts.get(code) ?? 0) + 1);
  const causes = [...counts].map(([code, count]) => ({ code, rows: count }));
  return causes.sort((a, b) => b.rows - a.rows).slice(0, MOST_CAUSES);
}
