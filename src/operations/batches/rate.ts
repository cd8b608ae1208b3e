/** How fast rows end, over the last seconds. */
export interface Rate {
  /** @param ended rows that have ended by now. @param now milliseconds, of any steady clock */
  add(ended: number, now: number): void;
  /** Per second; undefined until it can be told. */
  readonly perSecond: number | undefined;
}

/** How far back is looked, in milliseconds: long enough to be steady, short enough to follow an outage. */
const WINDOW_MS = 15_000;
/** Less than this says nothing. */
const LEAST_MS = 1_000;

export function createRate(): Rate {
  const seen: { ended: number; at: number }[] = [];
  return {
    add(ended, at) {
      seen.push({ ended, at });
      while ((seen[1]?.at ?? at) < at - WINDOW_MS) seen.shift();
    },
    get perSecond() {
      const first = seen[0];
      const last = seen.at(-1);
      if (first === undefined || last === undefined || last.at - first.at < LEAST_MS) return undefined;
      return Math.max(0, ((last.ended - first.ended) / (last.at - first.at)) * 1000);
    },
  };
}
