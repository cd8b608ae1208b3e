import { parseGoDuration } from '../apps/manifest/go-duration.ts';

const DAY_MS = 86_400_000;

/** Milliseconds in the units that come before those of Go, in their order. */
const UNITS_MS = [
  ['Y', 365 * DAY_MS],
  ['M', 30 * DAY_MS],
  ['W', 7 * DAY_MS],
  ['D', DAY_MS],
] as const;

/**
 * Reads a duration as a stack does for its jobs (`bigduration.ParseDuration`): `2W`, `1Y6M`, `3D12h`, `36h`. Capital letters are
 * years of 365 days, months of 30, weeks and days; what follows is a duration of Go, with `m` for minutes.
 * @returns milliseconds; undefined where a stack would refuse it, and for less than nothing
 */
export function parseBigDuration(text: string): number | undefined {
  let rest = text;
  let sum = 0;
  for (const [unit, ms] of UNITS_MS) {
    const match = /^(\d{1,6})([YMWD])/.exec(rest);
    if (match === null || match[2] !== unit) continue;
    sum += Number(match[1]) * ms;
    rest = rest.slice(match[0].length);
  }
  if (rest === '') return text === '' ? undefined : sum;
  const little = parseGoDuration(rest);
  return little === undefined || little < 0 ? undefined : sum + little;
}
