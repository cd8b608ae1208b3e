import { InputError } from '../../errors.ts';
import type { RateLimit } from '../../jobs/queue/queue-controls.ts';

/** More than this is no limit: no fleet comes near it. */
const MOST = 100_000;

const MINUTE_MS = 60_000;

/**
 * Reads how many jobs may run at a time in all workers together: a number, or `none`.
 * @returns undefined for no limit
 * @throws InputError `bad_value`
 */
export function parseConcurrency(text: string): number | undefined {
  if (text === 'none') return undefined;
  const most = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (most >= 1 && most <= MOST) return most;
  throw new InputError('bad_value', `${JSON.stringify(text)} is neither a number of jobs from 1 nor none`);
}

/**
 * Reads how many jobs may begin: `5/s`, `30/m`, or `none`. They come evenly: 30 a minute are one every two seconds, not
 * thirty at once.
 * @returns undefined for no limit
 * @throws InputError `bad_value`
 */
export function parseRate(text: string): RateLimit | undefined {
  if (text === 'none') return undefined;
  const [, number = '', unit = ''] = /^(\d{1,6})\/(s|m)$/.exec(text) ?? [];
  const jobs = Number(number);
  if (jobs < 1 || jobs > MOST) {
    throw new InputError(
      'bad_value',
      `${JSON.stringify(text)} is neither a rate such as 5/s or 30/m nor none`,
    );
  }
  if (unit === 's') return { max: jobs, durationMs: 1_000 };
  const max = Math.max(1, Math.round(jobs / 60));
  return { max, durationMs: Math.round((max * MINUTE_MS) / jobs) };
}

/** A limit as {@link parseRate} reads it. */
export function rateText({ max, durationMs }: RateLimit): string {
  if (durationMs === 1_000) return `${max}/s`;
  const perMinute = (max * MINUTE_MS) / durationMs;
  return `${perMinute < 10 ? Number(perMinute.toFixed(1)) : Math.round(perMinute)}/m`;
}
