import { z } from 'zod';
import type { RedisClient } from '../../redis/client.ts';
import type { Keys } from './keys.ts';

/** A worker is taken for dead when it was silent for this long, in seconds (`docs/bullmq.md` §7). */
export const HEARTBEAT_SECONDS = 15;

const worker = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.coerce.number(),
  concurrency: z.coerce.number(),
  running: z.coerce.number(),
  /** Milliseconds since 1970. */
  startedAt: z.coerce.number(),
  /** What it waits for, such as a CouchDB that is away; empty when it works. */
  waitsFor: z.string(),
});

export type WorkerState = z.infer<typeof worker>;

/** Announces that this worker lives. */
export async function beat(redis: RedisClient, keys: Keys, state: WorkerState): Promise<void> {
  await redis
    .multi()
    .hset(keys.worker(state.id), state)
    .expire(keys.worker(state.id), HEARTBEAT_SECONDS)
    .zadd(keys.workers, Date.now(), state.id)
    .exec();
}

/** Takes a worker that has stopped from the list. */
export async function leave(redis: RedisClient, keys: Keys, id: string): Promise<void> {
  await redis.multi().del(keys.worker(id)).zrem(keys.workers, id).exec();
}

/** The workers that live, oldest first. */
export async function listWorkers(redis: RedisClient, keys: Keys): Promise<WorkerState[]> {
  const ids = await redis.zrange(keys.workers, '0', '-1');
  const found = await Promise.all(ids.map((id) => redis.hgetall(keys.worker(id))));
  const states: WorkerState[] = [];
  for (const [at, fields] of found.entries()) {
    const parsed = worker.safeParse(fields);
    if (parsed.success) states.push(parsed.data);
    else await redis.zrem(keys.workers, ids[at] ?? '');
  }
  return states.sort((a, b) => a.startedAt - b.startedAt);
}
