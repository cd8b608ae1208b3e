import { Flags } from '@oclif/core';
import type { DateTime } from 'luxon';
import { parseAppCondition } from '../../apps/manifest/app-condition.ts';
import { InputError } from '../../errors.ts';
import type { FlagCondition } from '../../instances/lookup/instance-filter.ts';
import { luxon } from '../../time-zones.ts';

const helpGroup = 'FILTER';

/** Which instances, by what more than their documents say of them. */
export const measureFlags = {
  'idle-since': Flags.string({
    summary: 'Only instances where nobody was since then, and that were made before: 90d, 6mo, 1y, or a date',
    helpValue: '<age|date>',
    helpGroup,
  }),
  'used-over': Flags.string({
    summary: 'Only instances whose files take more than this part of their quota, such as 90%',
    helpValue: '<percent>',
    helpGroup,
  }),
  app: Flags.string({
    summary:
      "Only instances with this application, in a version like this, such as 'drive<1.60' (repetition)",
    helpValue: '<slug[<version]>',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup,
  }),
  flag: Flags.string({
    summary:
      'Only instances with this feature flag of their own, and this value, such as a=true (repetition)',
    helpValue: '<name[=value]>',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup,
  }),
};

const AGE = /^(\d{1,4})(d|w|mo|y)$/;

/** What Luxon calls the units of an age. */
const UNITS: ReadonlyMap<string, 'days' | 'weeks' | 'months' | 'years'> = new Map([
  ['d', 'days'],
  ['w', 'weeks'],
  ['mo', 'months'],
  ['y', 'years'],
]);

const IDLE_ADVICE = 'Give an age such as 90d, 12w, 6mo or 1y, or a date such as 2025-01-31.';

/**
 * The moment that `--idle-since` means. Ages go by the calendar, in UTC, and a day begins at midnight UTC.
 * @returns ISO 8601 in UTC
 * @throws InputError `bad_filter`
 */
export function idleSinceOf(text: string, now: Date): string {
  const moment = momentOf(text.trim(), now);
  if (moment?.isValid !== true)
    throw bad('--idle-since', `${quoted(text)} is no age and no date`, IDLE_ADVICE);
  if (moment.toMillis() >= now.getTime()) {
    throw bad('--idle-since', `${quoted(text)} is not in the past`, IDLE_ADVICE);
  }
  return new Date(moment.toMillis()).toISOString();
}

function momentOf(text: string, now: Date): DateTime | undefined {
  const [, number, letters = ''] = AGE.exec(text) ?? [];
  const unit = UNITS.get(letters);
  if (number !== undefined && unit !== undefined) {
    return luxon()
      .DateTime.fromJSDate(now, { zone: 'utc' })
      .minus({ [unit]: Number(number) });
  }
  return /^\d{4}-/.test(text) ? luxon().DateTime.fromISO(text, { zone: 'utc' }) : undefined;
}

/** What `--used-over` means, in percent. @throws InputError `bad_filter` */
export function usedOverOf(text: string): number {
  const [, number] = /^(\d{1,6}(?:\.\d{1,3})?)\s*%$/.exec(text.trim()) ?? [];
  if (number !== undefined) return Number(number);
  throw bad('--used-over', `${quoted(text)} is no percentage`, 'Give a part of the quota, such as 90%.');
}

/** The condition about an application as it is written down. @throws InputError `bad_filter` */
export function appConditionOf(text: string): string {
  const trimmed = text.trim();
  parseAppCondition(trimmed, '--app');
  return trimmed;
}

/**
 * Reads `a=true`, `a=3`, `a=beta`, `a=null`, or `a` alone: what is no JSON is a text.
 * @throws InputError `bad_filter`
 */
export function flagConditionOf(text: string): FlagCondition {
  const at = text.indexOf('=');
  const name = (at < 0 ? text : text.slice(0, at)).trim();
  if (name === '') throw bad('--flag', `${quoted(text)} names no flag`, 'Give a name, such as a, or a=true.');
  if (at < 0) return { name };
  const value = scalarOf(text.slice(at + 1).trim());
  if (value !== undefined) return { name, value };
  throw bad(
    '--flag',
    `${quoted(text)} compares with a list or an object`,
    'Compare with true, false, null, a number or a text, or give the name alone.',
  );
}

function scalarOf(text: string): FlagCondition['value'] {
  const value = jsonOr(text);
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function jsonOr(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}

function bad(column: string, message: string, advice: string): InputError {
  return new InputError('bad_filter', message, { column }, advice);
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 120));
}
