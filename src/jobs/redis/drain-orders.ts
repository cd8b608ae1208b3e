import * as z from 'zod';
import type { RedisClient } from '../../redis/client.ts';
import type { Keys } from './keys.ts';

/** Who wanted something of the fleet, why and when: as it is kept in Redis. */
export const steeringRecord = z.object({
  /** `user@host`, or what an API calls its client. */
  by: z.string(),
  /** May be empty. */
  reason: z.string(),
  /** Milliseconds since 1970, by the clock of who wanted it. */
  at: z.number().min(0).max(8.64e15),
});

export type SteeringRecord = z.infer<typeof steeringRecord>;

/** That a worker is to take no further job. */
export type DrainOrder = SteeringRecord;

/** Seconds that an order outlives its worker, which renews it as long as it lives. */
const ORDER_SECONDS = 86_400;

/** What stands for an order that cannot be read: it is there, and who gave it is not known. */
const UNKNOWN: DrainOrder = { by: 'somebody', reason: '', at: 0 };

/** Orders a worker to take no further job, until {@link dropDrain}. */
export async function orderDrain(
  redis: RedisClient,
  keys: Keys,
  workerId: string,
  order: DrainOrder,
): Promise<void> {
  await redis.set(keys.drain(workerId), JSON.stringify(order), 'EX', ORDER_SECONDS);
}

/** Takes the order back. @returns false where there was none */
export async function dropDrain(redis: RedisClient, keys: Keys, workerId: string): Promise<boolean> {
  return (await redis.del(keys.drain(workerId))) === 1;
}

/** The order that a worker was given, where there is one. */
export async function readDrain(
  redis: RedisClient,
  keys: Keys,
  workerId: string,
): Promise<DrainOrder | undefined> {
  try {
    return drainOf(await redis.get(keys.drain(workerId)));
  } catch (error) {
    // Something else than a text is there: nobody of ours has put it there.
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return undefined;
    throw error;
  }
}

/** The same for the worker itself: an order must not end before it does. */
export async function obeyDrain(
  redis: RedisClient,
  keys: Keys,
  workerId: string,
): Promise<DrainOrder | undefined> {
  const order = await readDrain(redis, keys, workerId);
  if (order !== undefined) await redis.expire(keys.drain(workerId), ORDER_SECONDS);
  return order;
}

function drainOf(text: string | null): DrainOrder | undefined {
  if (text === null) return undefined;
  try {
    return steeringRecord.safeParse(JSON.parse(text)).data ?? UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}
