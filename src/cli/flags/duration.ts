import { InputError } from '../../errors.ts';

const UNITS = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** More than this no timer of Node holds. */
const MOST = 24 * 86_400_000;

/** Longer than anything is kept. */
const LONGEST_AGE = 3650 * 86_400_000;

/**
 * Reads `30s`, `5m` (or `5min`) or `1h30m`; nothing that is said so takes months.
 * @returns milliseconds
 * @throws InputError `bad_duration`
 */
export function parseDuration(text: string, flag: string, most = MOST): number {
  const parts = [...text.matchAll(/(\d+)(ms|s|min|m|h|d)/gy)];
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join('') === text;
  const sum = parts.reduce(
    (total, [, count, unit = '']) => total + Number(count) * (UNITS.get(unit) ?? 0),
    0,
  );
  if (!isWhole || sum > most) {
    throw new InputError(
      'bad_duration',
      `${JSON.stringify(text)} is not a duration such as 30s, 5m or 1h30m`,
      {
        column: flag,
      },
    );
  }
  return sum;
}

/** How long ago something was, in milliseconds: `2h`, `30d`. @throws InputError `bad_duration` */
export function ageMs(text: string, flag: string): number {
  return parseDuration(text, flag, LONGEST_AGE);
}

/** What `--wait` says, in milliseconds; undefined = without limit. @throws InputError `bad_duration` */
export function waitMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text, '--wait');
}
