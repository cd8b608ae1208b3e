import * as z from 'zod';
import { AppError } from '../errors.ts';
import { nextOfCron } from './cron.ts';
import { parseGoDuration } from './go-duration.ts';
import { cronOfPeriod, type Period } from './periodic.ts';
import { isDoctype } from './permissions.ts';

/** When a service runs by itself, as its trigger tells: `{ type: '@every', arguments: '2h' }`. */
export interface Schedule {
  readonly type: string;
  readonly arguments: string;
}

/** Longest part of a trigger that an error quotes, in characters: a manifest may hold any text. */
const QUOTED_LENGTH = 60;

/** A trigger that no stack would take. */
export class UnreadableSchedule extends AppError {
  /** What is wrong with it, to be read after its name. */
  readonly reason: string;

  constructor({ type, arguments: given }: Schedule, needs: string) {
    const reason = `is not a trigger that a stack knows: ${needs}`;
    const trigger = `${type} ${given}`.trim().slice(0, QUOTED_LENGTH);
    super(
      'app_manifest',
      `${JSON.stringify(trigger)} ${reason}`,
      'final',
      'Tell those who publish the application.',
    );
    this.reason = reason;
  }
}

/** A kind of trigger (`docs/cozy-data.md` §5.3). */
interface TriggerType {
  /** What its arguments must be. */
  readonly needs: string;
  /**
   * The first run after `now`, or `called` where no clock runs it.
   * @returns undefined for arguments that the stack would not read
   */
  first(given: string, now: Date, spread: number): Date | 'called' | undefined;
}

/** Shortest time between two runs: the stack's schedule has whole seconds. */
const SHORTEST_PERIOD_MS = 1_000;

/** RFC 3339 wants the seconds, which ISO 8601 does not. */
const moment = z.iso.datetime({ offset: true }).regex(/T\d\d:\d\d:\d\d/);

const NEEDS_DURATION = 'it needs a duration such as 1h30m';
const HOURS = 'it may have hours such as before 5am, after 10pm or between 8am and 6pm';

const TYPES: ReadonlyMap<string, TriggerType> = new Map([
  ['@at', { needs: 'it needs a time such as 2030-12-31T08:00:00Z', first: momentOf }],
  ['@in', { needs: NEEDS_DURATION, first: (given, now) => after(now, parseGoDuration(given)) }],
  [
    '@every',
    { needs: NEEDS_DURATION, first: (given, now) => after(now, parseGoDuration(given), SHORTEST_PERIOD_MS) },
  ],
  [
    '@cron',
    { needs: 'it needs seconds, minutes, hours, days, months and weekdays, in UTC', first: nextOfCron },
  ],
  ['@hourly', periodic('hourly', HOURS)],
  ['@daily', periodic('daily', HOURS)],
  ['@weekly', periodic('weekly', `${HOURS}, and days such as on mon-fri`)],
  ['@monthly', periodic('monthly', `${HOURS}, and days such as on the 1-5`)],
  ['@event', { needs: 'it needs doctypes such as io.cozy.files:CREATED', first: eventsOf }],
  ['@webhook', { needs: '', first: () => 'called' }],
  ['@client', { needs: '', first: () => 'called' }],
]);

/**
 * When a trigger runs for the first time after `now`; a moment in the past is due at once, as in a stack.
 * The stack computes all later runs (`docs/cozy-data.md` §5.3).
 *
 * @param spread from 0 to below 1: which of the times that a trigger such as `@daily` leaves open
 * @returns undefined for a trigger that no clock runs
 * @throws {UnreadableSchedule} `app_manifest` for a trigger that a stack would not take
 */
export function nextRun(schedule: Schedule, now: Date, spread = 0): Date | undefined {
  const type = TYPES.get(schedule.type);
  if (type === undefined) throw new UnreadableSchedule(schedule, 'there is no such kind');
  const first = type.first(schedule.arguments, now, spread);
  if (first === undefined) throw new UnreadableSchedule(schedule, type.needs);
  return first === 'called' ? undefined : first;
}

function momentOf(given: string): Date | undefined {
  const { data } = moment.safeParse(given);
  return data === undefined ? undefined : new Date(data);
}

function after(now: Date, ms: number | undefined, least = Number.NEGATIVE_INFINITY): Date | undefined {
  return ms === undefined ? undefined : new Date(now.getTime() + Math.max(ms, least));
}

function periodic(period: Period, needs: string): TriggerType {
  return {
    needs,
    first(given, now, spread) {
      const cron = cronOfPeriod(period, given, spread);
      return cron === undefined ? undefined : nextOfCron(cron, now);
    },
  };
}

/** Parts `type[:verbs][:values][:selector]`; the stack takes any text for all but the type. */
function eventsOf(given: string): 'called' | undefined {
  const isRead = given.split(' ').every((part) => {
    const [type = '', ...rest] = part.split(':');
    return rest.length <= 3 && isDoctype(type);
  });
  return isRead ? 'called' : undefined;
}
