/** When something ran: a begin in milliseconds since 1970, and how long it took; nothing where that is absent. */
export interface Interval {
  readonly startedAt: number;
  readonly ms?: number | undefined;
}

/** Milliseconds in which at least one of them ran: what overlaps counts once. */
export function coveredMs(intervals: readonly Interval[]): number {
  let covered = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { startedAt, ms = 0 } of [...intervals].sort((a, b) => a.startedAt - b.startedAt)) {
    const end = startedAt + ms;
    covered += Math.max(0, end - Math.max(startedAt, until));
    until = Math.max(until, end);
  }
  return covered;
}
