import { defined } from '../../defined.ts';
import { InputError } from '../../errors.ts';
import type { FailureLimit } from '../../jobs/batches/batches.ts';
import {
  LEAST_PER_SECOND,
  MOST_AT_ONCE,
  MOST_CANARY,
  MOST_PER_SECOND,
  type SteeringChange,
} from '../../jobs/batches/steering.ts';
import {
  type BatchWindow,
  isTimeOfDay,
  isTimeZone,
  nextTime,
  parseWindow,
} from '../../jobs/batches/window.ts';
import { count } from '../../quantity-text.ts';

/** How a batch is to be held back, as it was typed; what is absent was not. */
export interface SteeringTexts {
  /** `5` */
  readonly canary?: string | undefined;
  /** `20` or `5%` */
  readonly maxFailures?: string | undefined;
  /** `8` */
  readonly concurrency?: string | undefined;
  /** `10/s`, `100/m`, `500/h`; a number alone is a second's. */
  readonly rate?: string | undefined;
  /** `22:00` */
  readonly at?: string | undefined;
  /** `22:00-06:00` */
  readonly between?: string | undefined;
  /** `Europe/Paris` */
  readonly timeZone?: string | undefined;
}

/** A number of rows, or a share of them, in percent. */
export type FailureShare = number | { readonly percent: number };

/** How a batch is to be held back; `null` takes a limit away, and what is absent stays. */
export interface SteeringInput {
  readonly steering: SteeringChange;
  readonly maxFailures?: FailureShare | null;
}

/** What a text is read against. */
export interface SteeringClock {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** IANA name of the time zone where none was typed. */
  readonly zone: string;
}

/** Most failures that can be asked for; no batch has more rows. */
const MOST_FAILURES = 10_000_000;

const NONE = 'none';

/**
 * Reads how a batch is to be held back.
 * @param mayClear whether `none` takes a limit away, and `now` a time; else there is none to take away yet
 * @throws InputError `bad_value`, `bad_choice`, with the flag
 */
export function parseSteering(
  texts: SteeringTexts,
  { now, zone }: SteeringClock,
  mayClear: boolean,
): SteeringInput {
  const { timeZone } = texts;
  if (timeZone !== undefined && texts.at === undefined && texts.between === undefined) {
    throw new InputError('bad_choice', 'it goes with --at or --between', { column: '--time-zone' });
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    throw bad('--time-zone', timeZone, 'the name of a time zone such as Europe/Paris');
  }
  const inZone = timeZone ?? zone;
  const or = <T>(text: string | undefined, word: string, read: (text: string) => T): T | null | undefined => {
    if (text === undefined) return undefined;
    return mayClear && text === word ? null : read(text);
  };
  const steering = defined({
    canary: or(texts.canary, NONE, (text) => wholeNumber('--canary', text, 1, MOST_CANARY)),
    concurrency: or(texts.concurrency, NONE, (text) => wholeNumber('--concurrency', text, 1, MOST_AT_ONCE)),
    rate: or(texts.rate, NONE, parseRate),
    notBefore: or(texts.at === NONE ? 'now' : texts.at, 'now', (text) => parseTime(text, inZone, now)),
    window: or(texts.between, NONE, (text) => parseHours(text, inZone)),
  });
  const maxFailures = or(texts.maxFailures, NONE, parseFailures);
  return { steering, ...defined({ maxFailures }) };
}

/** How many failures a batch may have of so many rows: a share is rounded down. */
export function failureLimit(share: FailureShare, total: number): FailureLimit {
  if (typeof share === 'number') return { maxFailures: share };
  return { maxFailures: Math.floor((total * share.percent) / 100), maxFailuresPercent: share.percent };
}

/** A limit of failures in words: `25 (5 % of the rows)`. */
export function failureLimitText({ maxFailures, maxFailuresPercent }: FailureLimit): string {
  return maxFailuresPercent === undefined
    ? count(maxFailures)
    : `${count(maxFailures)} (${maxFailuresPercent} % of the rows)`;
}

/** Rows a second in the words in which a rate is typed: `10/s`, `90/m`. */
export function rateText(perSecond: number): string {
  const units = [
    ['s', 1],
    ['m', 60],
    ['h', 3_600],
  ] as const;
  // A rate of 100 a minute is no round number of a second.
  const whole = units.find(([, seconds]) => {
    const rows = perSecond * seconds;
    return rows >= 1 - 1e-6 && Math.abs(rows - Math.round(rows)) < 1e-6;
  });
  if (whole !== undefined) return `${Math.round(perSecond * whole[1])}/${whole[0]}`;
  const [unit, seconds] = units.find(([, each]) => perSecond * each >= 1) ?? ['h', 3_600];
  return `${Number((perSecond * seconds).toFixed(2))}/${unit}`;
}

const SECONDS = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
]);

/** @returns rows a second */
function parseRate(text: string): number {
  const [, number = '', unit = 's'] = /^(\d{1,9}(?:\.\d{1,9})?)(?:\/([smh]))?$/.exec(text) ?? [];
  const rate = Number(number) / (SECONDS.get(unit) ?? 1);
  if (number !== '' && rate >= LEAST_PER_SECOND && rate <= MOST_PER_SECOND) return rate;
  throw bad(
    '--rate',
    text,
    `a rate such as 10/s, 100/m or 500/h, of at least one row a day and at most ${count(MOST_PER_SECOND)} a second`,
  );
}

function parseFailures(text: string): FailureShare {
  const [, percent] = /^(\d{1,3})%$/.exec(text) ?? [];
  if (percent !== undefined && Number(percent) <= 100) return { percent: Number(percent) };
  if (/^\d{1,8}$/.test(text) && Number(text) <= MOST_FAILURES) return Number(text);
  throw bad('--max-failures', text, 'a number of rows such as 20, or a share of them such as 5%');
}

function parseTime(text: string, zone: string, now: number): number {
  if (!isTimeOfDay(text)) throw bad('--at', text, 'a time of day such as 22:00');
  return nextTime(text, zone, now);
}

function parseHours(text: string, zone: string): BatchWindow {
  const window = parseWindow(text, zone);
  if (window === undefined) throw bad('--between', text, 'two different times of day such as 22:00-06:00');
  return window;
}

function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw bad(flag, text, `a whole number from ${least} to ${count(most)}`);
}

function bad(flag: string, text: string, expected: string): InputError {
  return new InputError('bad_value', `${JSON.stringify(text)} is not ${expected}`, { column: flag });
}
