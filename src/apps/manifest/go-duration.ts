/** Milliseconds in a unit. */
const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['\u00b5s', 1e-3],
  ['\u03bcs', 1e-3],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

const UNIT = [...UNITS_MS.keys()].join('|');
const PART = new RegExp(`(\\d+(?:\\.\\d*)?|\\.\\d+)(${UNIT})`, 'gy');
const DURATION = new RegExp(`^[-+]?(?:${PART.source})+$`);

/** Go counts nanoseconds in 63 bits. */
const LONGEST_MS = 2 ** 63 / 1e6;

/**
 * Reads a duration as Go writes it: `1h30m`, `1.5h`, `-10s`, `0`. It is another grammar than
 * that of durations in flags, which has days, and neither signs nor fractions.
 * @returns milliseconds; undefined where Go would refuse it
 */
export function parseGoDuration(text: string): number | undefined {
  if (/^[-+]?0$/.test(text)) return 0;
  if (!DURATION.test(text)) return undefined;
  const parts = [...text.replace(/^[-+]/, '').matchAll(PART)];
  const sum = parts.reduce(
    (total, [, count, unit = '']) => total + Number(count) * (UNITS_MS.get(unit) ?? 0),
    0,
  );
  if (sum >= LONGEST_MS) return undefined;
  return text.startsWith('-') ? -sum : sum;
}
