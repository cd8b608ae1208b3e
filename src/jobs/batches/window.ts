import type { DateTime } from 'luxon';
import { luxon } from '../../time-zones.ts';

/** Hours of each day in which a batch may begin rows; where `until` is not later than `from`, they end on the next day. */
export interface BatchWindow {
  /** `HH:MM`, as the clocks of the zone show it. */
  readonly from: string;
  readonly until: string;
  /** IANA name, such as `Europe/Paris`. */
  readonly zone: string;
}

/** One opening of a window, in milliseconds since 1970. */
export interface Opening {
  readonly from: number;
  readonly until: number;
}

const TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** Whether it is a time of day: `HH:MM`. */
export function isTimeOfDay(text: string): boolean {
  return TIME.test(text);
}

export function isTimeZone(name: string): boolean {
  return luxon().IANAZone.isValidZone(name);
}

/** Reads `22:00-06:00`; undefined where it is none, or would be open all day. */
export function parseWindow(text: string, zone: string): BatchWindow | undefined {
  const [from = '', until = '', ...rest] = text.split('-').map((part) => part.trim());
  const fits = rest.length === 0 && isTimeOfDay(from) && isTimeOfDay(until) && from !== until;
  return fits && isTimeZone(zone) ? { from, until, zone } : undefined;
}

/** Reads what `windowText` wrote. */
export function readWindow(text: string): BatchWindow | undefined {
  const [, hours = '', zone = ''] = /^(\S+) (\S+)$/.exec(text) ?? [];
  return parseWindow(hours, zone);
}

/** As it is kept and shown: `22:00-06:00 Europe/Paris`. */
export function windowText({ from, until, zone }: BatchWindow): string {
  return `${from}-${until} ${zone}`;
}

/**
 * The opening that is under way, or the next one. A time that clocks skip in spring counts as the moment at which they
 * skip; one that they show twice in autumn counts as the first.
 * @param now milliseconds since 1970
 */
export function openingAt({ from, until, zone }: BatchWindow, now: number): Opening {
  const today = luxon().DateTime.fromMillis(now, { zone }).startOf('day');
  // The opening of yesterday may last until today.
  const openings = [-1, 0, 1].map((days) => {
    const day = today.plus({ days });
    const end = until > from ? day : day.plus({ days: 1 });
    return { from: atTime(day, from), until: atTime(end, until) };
  });
  const next = openings.find((opening) => opening.until > now && opening.until > opening.from);
  return (
    next ?? { from: atTime(today.plus({ days: 1 }), from), until: atTime(today.plus({ days: 2 }), until) }
  );
}

/** When clocks of that zone show that time next, in milliseconds since 1970. */
export function nextTime(time: string, zone: string, now: number): number {
  const today = luxon().DateTime.fromMillis(now, { zone }).startOf('day');
  const first = atTime(today, time);
  return first > now ? first : atTime(today.plus({ days: 1 }), time);
}

function atTime(day: DateTime, time: string): number {
  const [hour, minute] = time.split(':').map(Number);
  return day.set({ hour: hour ?? 0, minute: minute ?? 0, second: 0, millisecond: 0 }).toMillis();
}
