import type { RedisClient } from '../../redis/client.ts';
import type { RedisRole } from '../../redis/roles.ts';
import { type Batches, createBatches } from '../batches/batches.ts';
import { type Claims, createClaims } from '../claims/claims.ts';
import { createJobIndex, type JobIndex } from '../index/job-index.ts';
import { type ConnectFleetRedisOptions, connectFleetRedis } from '../redis/connect-fleet-redis.ts';
import { createKeys, type Keys } from '../redis/keys.ts';
import { type FleetQueue, openQueue } from './open-queue.ts';
import type { Signer } from './signer.ts';

/** Everything of the fleet that lives in Redis. */
export interface Fleet {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly queue: FleetQueue;
  readonly claims: Claims;
  readonly batches: Batches;
  readonly index: JobIndex;
  close(): Promise<void>;
}

/** A fleet whose key is known: only through it can jobs be queued and run. */
export interface KeyedFleet extends Fleet {
  readonly signer: Signer;
  /** Base64 of 32 bytes (`fleet-record.ts`). */
  readonly sealKey: string;
}

export interface FleetOptions extends ConnectFleetRedisOptions {
  readonly role: RedisRole;
}

/** @throws FleetError as `connectFleetRedis` */
export async function openFleet({ role, ...settings }: FleetOptions): Promise<Fleet> {
  const redis = await connectFleetRedis(settings, role);
  const keys = createKeys(settings.prefix);
  const queue = openQueue(redis, keys);
  return {
    redis,
    keys,
    queue,
    claims: createClaims(redis, keys),
    batches: createBatches(redis, keys),
    index: createJobIndex(redis, keys),
    async close() {
      await queue.close();
      redis.disconnect();
    },
  };
}
