import type { DateTime } from 'luxon';
import { InputError } from '../../../errors.ts';
import { isTimeZone } from '../../../jobs/batches/window.ts';
import { minutesOrMonths } from '../../../quantity-text.ts';
import { luxon } from '../../../time-zones.ts';

/** When something is to be done. */
export interface DueTime {
  /** Milliseconds since 1970. */
  readonly due: number;
  /** IANA name of the zone in which it is shown. */
  readonly zone: string;
  /** As it was typed. */
  readonly said: string;
}

/** What a text is read against. */
export interface DueClock {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** IANA name of the time zone where none was typed. */
  readonly zone: string;
}

/**
 * Units of durations. Days and longer ones are those of the calendar: the clock shows the same time at their end, and a month
 * that ends on a day that there is not ends on its last one.
 */
const UNITS = {
  ...{ y: 'years', mo: 'months', w: 'weeks', d: 'days' },
  ...{ h: 'hours', min: 'minutes', m: 'minutes', s: 'seconds' },
} as const;

const DURATION = /^(?:\d{1,5}(?:mo|min|[ywdhms]))+$/;
const PART = /(\d{1,5})(mo|min|[ywdhms])/g;
const LOCAL = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?$/;
const WITH_OFFSET = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})$/;

/** Later than this nobody means. */
const MOST_YEARS = 10;

/**
 * Reads when something is to be done: a duration from now such as `30d`, `6mo` or `1d12h`, a day such as `2027-01-31`,
 * which begins when it does in its zone, a local time such as `2027-01-31T22:00`, or one with its offset.
 * @param timeZone as typed; undefined = that of the clock
 * @throws InputError `bad_date`, `bad_value`, with the flag
 */
export function parseDueTime(text: string, flag: string, clock: DueClock, timeZone?: string): DueTime {
  const zone = timeZone ?? clock.zone;
  if (!isTimeZone(zone)) {
    throw new InputError(
      'bad_value',
      `${JSON.stringify(zone)} is not the name of a time zone such as Europe/Paris`,
      {
        column: '--time-zone',
      },
    );
  }
  const said = text.trim();
  const at = DURATION.test(said) ? afterDuration(said, flag, clock.now, zone) : momentOf(said, flag, zone);
  const due = at.toMillis();
  const shown = `${at.toFormat('yyyy-MM-dd HH:mm')} ${zone}`;
  if (!at.isValid) throw noDate(said, flag);
  if (due <= clock.now) throw bad(flag, `${JSON.stringify(said)} is past: it means ${shown}`);
  if (at > luxon().DateTime.fromMillis(clock.now, { zone }).plus({ years: MOST_YEARS })) {
    throw bad(flag, `${JSON.stringify(said)} is more than ${MOST_YEARS} years away: it means ${shown}`);
  }
  return { due, zone, said };
}

function afterDuration(text: string, flag: string, now: number, zone: string): DateTime {
  const parts = new Map<(typeof UNITS)[keyof typeof UNITS], number>();
  let before = '';
  for (const [, number, unit = ''] of text.matchAll(PART)) {
    if (!isUnit(unit)) throw noDate(text, flag);
    // What could be six months is never taken for six minutes; behind hours it can be nothing else.
    if (unit === 'm' && before !== 'h') throw bad(flag, minutesOrMonths(text, Number(number)));
    if (parts.has(UNITS[unit])) throw bad(flag, `${JSON.stringify(text)} says one unit twice`);
    parts.set(UNITS[unit], Number(number));
    before = unit;
  }
  return luxon().DateTime.fromMillis(now, { zone }).plus(Object.fromEntries(parts));
}

function isUnit(letters: string): letters is keyof typeof UNITS {
  return Object.hasOwn(UNITS, letters);
}

function momentOf(text: string, flag: string, zone: string): DateTime {
  const { DateTime } = luxon();
  if (WITH_OFFSET.test(text)) return DateTime.fromISO(text, { zone });
  if (!LOCAL.test(text)) throw noDate(text, flag);
  const local = text.replace(' ', 'T');
  const at = DateTime.fromISO(local, { zone });
  if (!at.isValid) throw noDate(text, flag);
  // A day begins when it begins, be it at one o'clock.
  if (local.length === 'yyyy-mm-dd'.length) return at.startOf('day');
  if (at.toFormat("yyyy-MM-dd'T'HH:mm") !== local.slice(0, 16)) {
    throw bad(
      flag,
      `${JSON.stringify(text)} is a time that the clocks of ${zone} skip: say an hour more or less`,
    );
  }
  const [first, second] = at.getPossibleOffsets();
  if (first !== undefined && second !== undefined && +first !== +second) {
    const either = [first, second].map((each) => each.toFormat("yyyy-MM-dd'T'HH:mmZZ")).join(' or ');
    throw bad(flag, `${JSON.stringify(text)} is a time that the clocks of ${zone} show twice: say ${either}`);
  }
  return at;
}

function noDate(text: string, flag: string): InputError {
  return bad(
    flag,
    `${JSON.stringify(text)} is neither a date such as 2027-01-31 or 2027-01-31T22:00 nor a duration such as 30d, 6mo or 12h`,
  );
}

function bad(flag: string, message: string): InputError {
  return new InputError('bad_date', message, { column: flag });
}
