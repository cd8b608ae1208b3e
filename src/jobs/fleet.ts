import type { Redis } from 'ioredis';
import { type Batches, createBatches } from './batches.ts';
import { type Claims, createClaims } from './claims.ts';
import { createKeys, type Keys } from './keys.ts';
import { type FleetQueue, openQueue } from './queue.ts';
import { connectRedis, type RedisRole } from './redis.ts';

/** Everything of the fleet that lives in Redis. */
export interface Fleet {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly queue: FleetQueue;
  readonly claims: Claims;
  readonly batches: Batches;
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly redisUrl: string;
  /** `fleet.prefix` of the configuration. */
  readonly prefix: string;
  readonly role: RedisRole;
}

/** @throws FleetError `redis_unreachable` */
export async function openFleet({ redisUrl, prefix, role }: FleetOptions): Promise<Fleet> {
  const redis = await connectRedis(redisUrl, role);
  const keys = createKeys(prefix);
  const queue = openQueue(redis, keys);
  return {
    redis,
    keys,
    queue,
    claims: createClaims(redis, keys),
    batches: createBatches(redis, keys),
    async close() {
      await queue.close();
      redis.disconnect();
    },
  };
}
