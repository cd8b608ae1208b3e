/** A time as a stack writes it: Go's RFC 3339, with up to nine digits of a second. */
export interface GoTime {
  /** As it is written. */
  readonly text: string;
  /** Its day in the zone it is written in, such as `2026-07-24`. */
  readonly day: string;
  /** Milliseconds since 1970, rounded down. */
  readonly ms: number;
  /** Nanoseconds beyond `ms`. */
  readonly nanoseconds: number;
}

const GO_TIME =
  /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3])(:[0-5]\d:[0-5]\d)(?:\.(\d{1,9})\d{0,20})?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** What `time.Parse(time.RFC3339Nano, text)` reads; undefined for what it refuses, such as a 30th of February. */
export function parseGoTime(text: string): GoTime | undefined {
  const match = GO_TIME.exec(text);
  if (match === null) return undefined;
  const [, day = '', hour = '', rest = '', fraction = '', sign = '+', hours = '0', minutes = '0'] = match;
  const local = `${day}T${hour}${rest}`;
  const atUtc = Date.parse(`${local}Z`);
  // A day that the month does not have is taken for one of the next month by some engines.
  if (Number.isNaN(atUtc) || !new Date(atUtc).toISOString().startsWith(local)) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1);
  const nanoseconds = Number(fraction.padEnd(9, '0'));
  return {
    text,
    day,
    ms: atUtc - offset + Math.floor(nanoseconds / 1e6),
    nanoseconds: nanoseconds % 1e6,
  };
}

/** Whether one time is before another one, whatever zones they are written in. */
export function isBefore(one: GoTime, other: GoTime): boolean {
  return one.ms < other.ms || (one.ms === other.ms && one.nanoseconds < other.nanoseconds);
}
