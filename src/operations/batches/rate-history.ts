import { RATE_BUCKET_SECONDS } from '../../jobs/batches/batch-scripts.ts';
import type { EndedRows } from '../../jobs/batches/batches.ts';

/** How many rows ended over time, in equal steps without gaps. */
export interface RateHistory {
  /** Begin of the first step, ISO 8601. */
  readonly from: string;
  /** Length of each step. */
  readonly seconds: number;
  /** Rows that ended in each step; the last step may not be over. */
  readonly rows: readonly number[];
}

/** Steps of a history: as many as a chart can show apart. */
export const MOST_STEPS = 180;

/**
 * Spreads what ended over equal steps from the first to `until`, and makes the steps longer until they are few enough.
 * @param ended oldest first
 * @param until milliseconds since 1970
 */
export function rateHistory(ended: readonly EndedRows[], until: number, most = MOST_STEPS): RateHistory {
  const first = ended[0]?.at ?? until;
  const last = Math.max(until, ended.at(-1)?.at ?? until);
  let seconds = RATE_BUCKET_SECONDS;
  while (stepsBetween(first, last, seconds) > most) seconds *= 2;
  const from = floorTo(first, seconds);
  const rows = new Array<number>(stepsBetween(first, last, seconds)).fill(0);
  for (const { at, rows: count } of ended) {
    const step = Math.floor((at - from) / (seconds * 1000));
    rows[step] = (rows[step] ?? 0) + count;
  }
  return { from: new Date(from).toISOString(), seconds, rows };
}

function stepsBetween(first: number, last: number, seconds: number): number {
  return (floorTo(last, seconds) - floorTo(first, seconds)) / (seconds * 1000) + 1;
}

function floorTo(time: number, seconds: number): number {
  return time - (time % (seconds * 1000));
}

/** The sum of several histories that are told by the same seconds. */
export function addedUp(histories: readonly (readonly EndedRows[])[]): EndedRows[] {
  const sums = new Map<number, number>();
  for (const { at, rows } of histories.flat()) sums.set(at, (sums.get(at) ?? 0) + rows);
  return [...sums].map(([at, rows]) => ({ at, rows })).sort((a, b) => a.at - b.at);
}
