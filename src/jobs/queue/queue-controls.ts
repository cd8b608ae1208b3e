import * as z from 'zod';
import type { RedisClient } from '../../redis/client.ts';
import type { FleetQueue } from '../fleet/open-queue.ts';
import { type SteeringRecord, steeringRecord } from '../redis/drain-orders.ts';
import type { Keys } from '../redis/keys.ts';
import { script } from '../redis/script.ts';

// The queue as a whole is paused and limited by BullMQ's own means, which keep nothing but the fact. Who did it and why is
// a record beside it, believed only as long as it says what BullMQ says: so the fact always counts, and no name stands for
// what somebody else has done.

/** What BullMQ does, and who wanted it; undefined where something else than cozy-fleet has done it. */
export interface Controlled {
  readonly who?: SteeringRecord;
}

/** Most jobs that may begin within some time. */
export interface RateLimit {
  readonly max: number;
  /** Milliseconds. */
  readonly durationMs: number;
}

/** How the queue as a whole is steered; what is absent is not limited. */
export interface QueueControls {
  readonly paused?: Controlled;
  /** Most jobs at a time in all workers together. */
  readonly concurrency?: Controlled & { readonly most: number };
  readonly rate?: Controlled & RateLimit;
}

/** Where the queue and its records are. */
export interface SteeredQueue {
  readonly queue: FleetQueue;
  readonly redis: RedisClient;
  readonly keys: Keys;
}

/** Names of the records. */
type Control = 'pause' | 'concurrency' | 'rate';

/** Fields of BullMQ's facts, and what they are. */
type Facts = Readonly<Record<string, number>>;

/** A record, and what it was made for. */
const controlRecord = steeringRecord.extend({ facts: z.record(z.string(), z.number()) });

/**
 * Keeps who did it, if the queue is still as they wanted it: somebody else may have come in between.
 * KEYS: BullMQ's facts, records. ARGV: name, record, then fields of the facts and what each has to be.
 */
const KEEP_RECORD = script(`
for at = 3, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[at]) ~= ARGV[at + 1] then return 0 end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
`);

/** A pause that somebody else has ended is over, and the next one is not by whom that one was. KEYS: facts, records. */
const FORGET_PAUSE = script(`
if redis.call('HEXISTS', KEYS[1], 'paused') == 0 then redis.call('HDEL', KEYS[2], 'pause') end
return 1
`);

/** No worker takes a job up until {@link resumeQueue}; what runs goes on. */
export async function pauseQueue(steered: SteeredQueue, who: SteeringRecord): Promise<void> {
  await steered.queue.pause();
  await keepRecord(steered, 'pause', who, { paused: 1 });
}

export async function resumeQueue(steered: SteeredQueue): Promise<void> {
  await dropRecord(steered, 'pause');
  await steered.queue.resume();
}

/** @param most jobs at a time in all workers together; undefined = without limit */
export async function limitConcurrency(
  steered: SteeredQueue,
  most: number | undefined,
  who: SteeringRecord,
): Promise<void> {
  await dropRecord(steered, 'concurrency');
  if (most === undefined) {
    await steered.queue.removeGlobalConcurrency();
    return;
  }
  await steered.queue.setGlobalConcurrency(most);
  await keepRecord(steered, 'concurrency', who, { concurrency: most });
}

/** @param limit how many jobs may begin within some time; undefined = without limit */
export async function limitRate(
  steered: SteeredQueue,
  limit: RateLimit | undefined,
  who: SteeringRecord,
): Promise<void> {
  await dropRecord(steered, 'rate');
  const { queue } = steered;
  if (limit === undefined) await queue.removeGlobalRateLimit();
  else await queue.setGlobalRateLimit(limit.max, limit.durationMs);
  // What was counted under the limit before would hold for as long as that one did.
  await queue.removeRateLimitKey();
  if (limit !== undefined)
    await keepRecord(steered, 'rate', who, { max: limit.max, duration: limit.durationMs });
}

const limitNumber = z.coerce.number().int().positive();

/** How the queue is steered now: what BullMQ does, and who wanted it. */
export async function readControls({
  redis,
  keys,
}: Pick<SteeredQueue, 'redis' | 'keys'>): Promise<QueueControls> {
  const [facts, records] = await Promise.all([
    redis.hmget(keys.bull('meta'), 'paused', 'concurrency', 'max', 'duration'),
    redis.hmget(keys.queueControls, 'pause', 'concurrency', 'rate'),
  ]);
  const [paused = null, ...limits] = facts;
  const [most, max, durationMs] = limits.map((text) => limitNumber.safeParse(text ?? undefined).data);
  const [pausedBy = null, concurrencyBy = null, rateBy = null] = records;
  if (paused === null && pausedBy !== null) {
    await FORGET_PAUSE.run(redis, [keys.bull('meta'), keys.queueControls], []);
  }
  return {
    ...(paused === null ? {} : { paused: controlled(pausedBy, { paused: 1 }) }),
    ...(most === undefined
      ? {}
      : { concurrency: { most, ...controlled(concurrencyBy, { concurrency: most }) } }),
    ...(max === undefined || durationMs === undefined
      ? {}
      : { rate: { max, durationMs, ...controlled(rateBy, { max, duration: durationMs }) } }),
  };
}

/** Who wanted what BullMQ does now; nobody that is known where the record was made for something else. */
function controlled(record: string | null, facts: Facts): Controlled {
  const read = controlRecord.safeParse(parsedJson(record)).data;
  if (read === undefined || Object.entries(facts).some(([field, value]) => read.facts[field] !== value)) {
    return {};
  }
  const { by, reason, at } = read;
  return { who: { by, reason, at } };
}

function parsedJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

/** Before something is changed: a name that is missing says less than a wrong one. */
async function dropRecord({ redis, keys }: SteeredQueue, control: Control): Promise<void> {
  await redis.hdel(keys.queueControls, control);
}

async function keepRecord(
  { redis, keys }: SteeredQueue,
  control: Control,
  who: SteeringRecord,
  facts: Facts,
): Promise<void> {
  await KEEP_RECORD.run(
    redis,
    [keys.bull('meta'), keys.queueControls],
    [control, JSON.stringify({ ...who, facts }), ...Object.entries(facts).flat()],
  );
}
