import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/**
 * Whole times only, not the extensions of our parser (`L`, `H`, `#`, 7 for Sunday), which the stack's
 * does not know. Whether values are in range is the parser's to say.
 */
const listOf = (value: string): RegExp => {
  const item = `(?:[*?]|${value}(?:-${value})?)(?:/\\d+)?`;
  return new RegExp(`^${item}(?:,${item})*$`, 'i');
};

const NUMBERS = listOf('\\d+');
const MONTHS = listOf('(?:\\d+|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)');
const WEEKDAYS = listOf('(?:[0-6]|sun|mon|tue|wed|thu|fri|sat)');

/** Second, minute, hour, day of month, month, day of week. */
const FIELDS = [NUMBERS, NUMBERS, NUMBERS, NUMBERS, MONTHS, WEEKDAYS] as const;

/**
 * The first time after `now` that a cron expression names, with a field for seconds or without (then 0).
 *
 * In UTC: so do stacks in containers, and so does the stack's documentation speak of hours. One that
 * lives in another zone is off once, as it computes each later run itself.
 *
 * @returns undefined for an expression that the stack would not read, or that names no time at all
 */
export function nextOfCron(expression: string, now: Date): Date | undefined {
  const given = expression.trim().split(/\s+/);
  const fields = given.length === FIELDS.length - 1 ? ['0', ...given] : given;
  if (fields.length !== FIELDS.length) return undefined;
  if (!FIELDS.every((field, at) => field.test(fields[at] ?? ''))) return undefined;
  // Only workers ask, and commands that read sources of applications import this module, too.
  const { CronExpressionParser }: typeof import('cron-parser') = load('cron-parser');
  try {
    return CronExpressionParser.parse(fields.join(' '), { currentDate: now, tz: 'UTC' }).next().toDate();
  } catch {
    return undefined;
  }
}
