import { count } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';
import { luxon } from '../../time-zones.ts';
import type { Batch } from './batches.ts';
import { openingAt, windowText } from './window.ts';

/** What keeps rows of a batch from being begun. Times are milliseconds since 1970. */
export type Hold =
  /** Somebody paused it; the reason may be empty. */
  | { readonly kind: 'paused'; readonly by: string; readonly at: number; readonly reason: string }
  /** So many rows of its canary have ended; all others wait until somebody has the batch go on. */
  | { readonly kind: 'canary'; readonly rows: number; readonly ended: number }
  /** It was to begin at that time. */
  | { readonly kind: 'not-before'; readonly at: number }
  /** It is outside of its window, such as `22:00-06:00 Europe/Paris`. */
  | { readonly kind: 'window'; readonly opensAt: number; readonly window: string };

type Held = Pick<Batch, 'endedAt' | 'halt' | 'steering'>;

/**
 * All that holds a batch back, what has nothing at all begun first. Rows of one that was stopped wait for nothing: they are
 * passed over. A rate and a number of rows at a time are limits, and hold nothing.
 * @param now milliseconds since 1970
 */
export function holdsOf({ endedAt, halt, steering }: Held, now: number): Hold[] {
  if (endedAt !== undefined || halt !== undefined) return [];
  const { pause, canary, canaryEnded, notBefore, window } = steering;
  const holds: Hold[] = [];
  if (pause !== undefined) holds.push({ kind: 'paused', ...pause });
  if (notBefore !== undefined && notBefore > now) holds.push({ kind: 'not-before', at: notBefore });
  if (window !== undefined) {
    const { from } = openingAt(window, now);
    if (from > now) holds.push({ kind: 'window', opensAt: from, window: windowText(window) });
  }
  if (canary !== undefined) holds.push({ kind: 'canary', rows: canary, ended: canaryEnded });
  return holds;
}

/** What holds a batch back before anything else does; undefined = nothing. @param now milliseconds since 1970 */
export function holdOf(batch: Held, now: number): Hold | undefined {
  return holdsOf(batch, now)[0];
}

/** Whether no row at all is begun: a canary has some begun first. */
export function standsStill(hold: Hold | undefined): boolean {
  return hold !== undefined && (hold.kind !== 'canary' || hold.ended >= hold.rows);
}

/** Whether all rows of a canary have ended, and somebody has to look at them. */
export function waitsAfterCanary({ endedAt, halt, steering: { canary, canaryEnded } }: Held): boolean {
  return endedAt === undefined && halt === undefined && canary !== undefined && canaryEnded >= canary;
}

/** What holds a batch, in words that stay the same as long as nothing changes. */
export function holdText(hold: Hold): string {
  switch (hold.kind) {
    case 'paused': {
      const why = hold.reason === '' ? '' : `: ${oneLine(hold.reason)}`;
      return `paused by ${oneLine(hold.by)} on ${clockText(hold.at)}${why}`;
    }
    case 'canary':
      return standsStill(hold)
        ? `its canary of ${rowsText(hold.rows)} has ended, and the others wait`
        : `${hold.ended} of ${rowsText(hold.rows)} of its canary have ended, and the others wait`;
    case 'not-before':
      return `begins on ${clockText(hold.at)}`;
    case 'window':
      return `outside of its window ${hold.window}, which opens on ${clockText(hold.opensAt)}`;
    default:
      return hold satisfies never;
  }
}

/** A time as clocks of a zone show it, with its name: `2026-11-27 22:00 Europe/Paris`. @param ms since 1970 */
export function clockText(ms: number, zone = localZone()): string {
  return `${luxon().DateTime.fromMillis(ms, { zone }).toFormat('yyyy-MM-dd HH:mm')} ${zone}`;
}

/** Name of the time zone of this machine, such as `Europe/Paris`. */
export function localZone(): string {
  return luxon().DateTime.local().zoneName;
}

function rowsText(rows: number): string {
  return `${count(rows)} row${rows === 1 ? '' : 's'}`;
}
