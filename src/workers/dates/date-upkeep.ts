import { createDateStore } from '../../jobs/dates/date-store.ts';
import { type DateLook, type DateServices, lookAfterDates } from './look-after-dates.ts';

/** What a configuration says of dates, and how the time is asked for. */
export type DateSettings = Pick<DateServices, 'guardPercent' | 'couchTime'>;

/** Milliseconds between two looks. */
const INTERVAL_MS = 10_000;

/** How long one worker's look is enough for all, in milliseconds. */
const TURN_MS = 9_000;

/** Milliseconds after which all dates are read again while jobs of theirs are under way. */
const UNDER_WAY_MS = 30_000;

/** Milliseconds after which they are read again in any case: instances may have gone by other means. */
const AT_LEAST_MS = 600_000;

/** What a worker has seen of the dates last. */
interface LastLook extends DateLook {
  /** Place in the changes of the database. */
  readonly at: string;
  /** Milliseconds since 1970. */
  readonly lookedAt: number;
  /** When dates were looked at last whose time has not come, in milliseconds since 1970. */
  readonly sweptAt: number;
}

/** Whether all dates have to be read now, or the last look says enough. Pure. @param now milliseconds since 1970 */
export function needsLook(last: LastLook | undefined, changed: boolean, now: number): boolean {
  if (last === undefined || changed) return true;
  if (last.nextDue !== undefined && now >= last.nextDue) return true;
  const age = Math.abs(now - last.lookedAt);
  return age >= (last.queued > 0 ? UNDER_WAY_MS : AT_LEAST_MS);
}

/** Looks for dates that are due, in turn with the other workers, beside the jobs of this one. */
export function startDateUpkeep(
  services: DateServices & { isHeld(): boolean },
  now: () => number = Date.now,
): { stop(): void } {
  const { fleet, global, log, signal } = services;
  const store = createDateStore(global);
  let last: LastLook | undefined;
  let isUnderWay = false;

  async function look(): Promise<void> {
    if (isUnderWay || services.isHeld()) return;
    isUnderWay = true;
    try {
      const mine = await fleet.redis.set(fleet.keys.dateTurn, '1', 'PX', TURN_MS, 'NX');
      if (mine === null) return;
      const { changed, at } = await store.changedSince(last?.at ?? '0', signal);
      if (!needsLook(last, changed, now())) return;
      const before = last;
      // Forgotten first: a look that fails is made again.
      last = undefined;
      const lookedAt = now();
      const sweeps = before === undefined || Math.abs(lookedAt - before.sweptAt) >= AT_LEAST_MS;
      const seen = await lookAfterDates(services, sweeps);
      last = { ...seen, at, lookedAt, sweptAt: sweeps ? lookedAt : before.sweptAt };
    } catch (error) {
      if (!signal.aborted) log.warn('dates', { error });
    } finally {
      isUnderWay = false;
    }
  }

  const timer = setInterval(() => void look(), INTERVAL_MS);
  return { stop: () => clearInterval(timer) };
}
