/** How often the stack runs a service at a time of its own choice. */
export type Period = 'hourly' | 'daily' | 'weekly' | 'monthly';

/** When in its period that may be, in UTC. */
interface Window {
  /** Of the week, from 0 for Sunday, or of the month, from 1. */
  readonly days: readonly number[];
  /** Hours of the day: from this one, and before that one. */
  readonly from: number;
  readonly before: number;
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** Days that every month has: one of them is chosen unless the trigger asks for others. */
const DAYS_OF_EVERY_MONTH = 28;

const WEEKDAY = `(?:${WEEKDAYS.flatMap((name) => [name, name.slice(0, 3)]).join('|')})`;
const MONTH_DAY = '(?:0?[1-9]|[12]\\d|3[01])';
const HOURS = '(?:between|after|and|before) (?:0?[1-9]|1[0-2])[ap]m';

const listOf = (item: string): string => `${item}(?:,${item})*`;
const clausesOf = (clause: string): RegExp => new RegExp(`^(?:(?:${clause})(?: (?=.)|$))*$`);

const GRAMMAR: Readonly<Record<Period, RegExp>> = {
  hourly: clausesOf(HOURS),
  daily: clausesOf(HOURS),
  weekly: clausesOf(`on ${listOf(`(?:weekday|weekend|${WEEKDAY}(?:-${WEEKDAY})?)`)}|${HOURS}`),
  monthly: clausesOf(`on the ${listOf(`${MONTH_DAY}(?:-${MONTH_DAY})?`)}|${HOURS}`),
};

/**
 * A cron expression for one of the times that the arguments of `@hourly`, `@daily`, `@weekly` or
 * `@monthly` leave open, such as `on mon-fri between 8am and 6pm`.
 *
 * @param spread from 0 to below 1: which of these times, so that not all instances run at once
 * @returns undefined for arguments that the stack would not read
 */
export function cronOfPeriod(period: Period, text: string, spread: number): string | undefined {
  const window = parseWindow(period, text);
  if (window === undefined) return undefined;
  const { days, from, before } = window;
  const place = spread * days.length;
  const day = days[Math.floor(place)];
  const second = Math.floor((place % 1) * (before - from) * 3_600);
  const inHour = `${second % 60} ${Math.floor(second / 60) % 60}`;
  const inDay = `${inHour} ${from + Math.floor(second / 3_600)}`;
  switch (period) {
    case 'hourly':
      return `${inHour} * * * *`;
    case 'daily':
      return `${inDay} * * *`;
    case 'weekly':
      return `${inDay} * * ${day}`;
    case 'monthly':
      return `${inDay} ${day} * *`;
  }
}

function parseWindow(period: Period, text: string): Window | undefined {
  const words = text.trim().replace(/\s+/g, ' ');
  if (!GRAMMAR[period].test(words)) return undefined;
  let days = anyDayOf(period);
  let from = 0;
  let before = 24;
  for (const [, keyword, value = ''] of words.matchAll(/(on the|\S+) (\S+) ?/gy)) {
    if (keyword === 'on') days = joined(value.split(',').map(weekdaysOf));
    else if (keyword === 'on the') days = joined(value.split(',').map(monthDaysOf));
    else if (keyword === 'before' || keyword === 'and') before = hourOf(value) || 24;
    else from = hourOf(value);
  }
  return days.length > 0 && from < before ? { days, from, before } : undefined;
}

function anyDayOf(period: Period): readonly number[] {
  switch (period) {
    case 'hourly':
    case 'daily':
      return [0];
    case 'weekly':
      return numbersFrom(0, WEEKDAYS.length - 1);
    case 'monthly':
      return numbersFrom(1, DAYS_OF_EVERY_MONTH);
  }
}

/** None for a range of nothing. */
function weekdaysOf(item: string): readonly number[] {
  if (item === 'weekday') return [1, 2, 3, 4, 5];
  if (item === 'weekend') return [0, 6];
  const [first = 0, last] = item.split('-').map(weekdayOf);
  if (last === undefined) return [first];
  const length = WEEKDAYS.length;
  // From Friday to Monday is a range as well.
  return last === first
    ? []
    : numbersFrom(first, last < first ? last + length : last).map((day) => day % length);
}

function weekdayOf(name: string): number {
  return WEEKDAYS.findIndex((weekday) => weekday.startsWith(name));
}

/** None for a range of nothing. */
function monthDaysOf(item: string): readonly number[] {
  const [first = 0, last] = item.split('-').map(Number);
  if (last === undefined) return [first];
  return last > first ? numbersFrom(first, last) : [];
}

/** None where one of the lists has none. */
function joined(lists: readonly (readonly number[])[]): readonly number[] {
  return lists.some((list) => list.length === 0) ? [] : lists.flat();
}

function numbersFrom(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

/** From 0 to 23 for a text such as `12am`. */
function hourOf(text: string): number {
  return (Number.parseInt(text, 10) % 12) + (text.endsWith('pm') ? 12 : 0);
}
