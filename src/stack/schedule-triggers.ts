import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { nextRun, type Schedule } from '../apps/manifest/next-run.ts';
import { chunks } from '../chunk.ts';
import { askStackRedis } from './connect.ts';
import { prefixOnCluster, type StackInstance } from './stack-instance.ts';

/** What the scheduler gets of a trigger's document. */
export interface NewTrigger extends Schedule {
  readonly _id: string;
}

export interface ScheduleTriggersOptions {
  readonly instance: Omit<StackInstance, 'domain'>;
  /** Their documents must be there: the stack drops entries of which it finds none. */
  readonly triggers: readonly NewTrigger[];
  /** The Redis with the stack's triggers; undefined = the stack reads their documents when it starts. */
  readonly stackRedis: Redis | undefined;
  readonly now: Date;
}

/** Members and fields named in one command. */
const AT_A_TIME = 500;

/** An entry of the scheduler. */
interface Run {
  readonly entry: string;
  /** Seconds since 1970; the stack reads no fractions. */
  readonly time: number;
}

/**
 * An entry that the stack has scheduled again stays where it is; the stack itself puts back an entry that it runs now.
 * KEYS: entries waiting, entries being run. ARGV: time and entry of each.
 */
const SCHEDULE = `
for at = 1, #ARGV, 2 do
  if not redis.call('ZSCORE', KEYS[2], ARGV[at + 1]) then
    redis.call('ZADD', KEYS[1], 'NX', ARGV[at], ARGV[at + 1])
  end
end
`;

/**
 * Puts the triggers of newly installed applications into the stack's scheduler (`docs/cozy-data.md` §5.3),
 * without which they would never run. May be repeated at any point.
 *
 * @throws {UnreadableSchedule} with nothing scheduled, when one of them is none; StackRedisAway
 */
export async function scheduleTriggers(options: ScheduleTriggersOptions): Promise<void> {
  const { instance, triggers, stackRedis, now } = options;
  const runs: Run[] = [];
  for (const trigger of triggers) {
    const entry = `${prefixOnCluster(instance)}/${trigger._id}`;
    const next = nextRun(trigger, now, spreadOf(entry));
    if (next !== undefined) runs.push({ entry, time: Math.floor(next.getTime() / 1_000) });
  }
  if (stackRedis === undefined) return;
  for await (const chunk of chunks(runs, AT_A_TIME)) await addRuns(stackRedis, chunk);
  const events = triggers.filter(({ type }) => type === '@event');
  for await (const chunk of chunks(events, AT_A_TIME)) await addEvents(stackRedis, instance.prefix, chunk);
}

async function addRuns(redis: Redis, runs: readonly Run[]): Promise<void> {
  const given = runs.flatMap(({ entry, time }) => [time, entry]);
  await askStackRedis(redis, () => redis.eval(SCHEDULE, 2, 'triggers', 'scheduling', ...given));
}

async function addEvents(redis: Redis, prefix: string, triggers: readonly NewTrigger[]): Promise<void> {
  const fields = triggers.flatMap((trigger) => [trigger._id, trigger.arguments]);
  await askStackRedis(redis, () => redis.hset(`events-${prefix}`, ...fields));
}

/** From 0 to below 1: the same for the same entry, so that a repetition schedules it for the same time. */
function spreadOf(entry: string): number {
  return createHash('sha256').update(entry).digest().readUIntBE(0, 6) / 2 ** 48;
}
