import * as z from 'zod';
import { POOL_STATES } from '../../instances/pool/pool-item.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { Keys } from '../redis/keys.ts';

// What the keeper of the pool has found and done, so that whoever asks need not look for himself. Hints alone: the books are
// in CouchDB, and a lost Redis loses nothing.

const count = z.int().min(0);

const look = z.object({
  /** Milliseconds since 1970. */
  at: z.number(),
  clusters: z
    .array(
      z.object({
        cluster: z.int().min(0),
        /** What an item there has to be made by; absent where it could not be read. */
        definitions: z.string().optional(),
        /** Items by what they are at. */
        items: z.record(z.enum(POOL_STATES), count),
      }),
    )
    .max(10_000),
  /** Documents of the books that are none of ours. */
  unreadable: count,
});

/** How the pool was found. */
export type PoolLook = Readonly<z.infer<typeof look>>;

const filling = z.object({
  /** The last one that was queued. */
  jobId: z.string().max(64),
  /** How many in a row have failed, before that one. */
  failures: count,
  /** When it was queued, in milliseconds since 1970. */
  at: z.number(),
  /** Whether the pool is on its way up, and goes on until it is full. */
  rising: z.boolean(),
});

/** The last job that the keeper has queued for a cluster. */
export type LastFilling = Readonly<z.infer<typeof filling>>;

interface Store {
  readonly redis: RedisClient;
  readonly keys: Keys;
}

const LOOK = 'look';

const fieldOf = (cluster: number) => `filling ${cluster}`;

/** Undefined where nobody looked yet, and for what nobody of ours has written. */
export async function readPoolLook(store: Store): Promise<PoolLook | undefined> {
  return await read(store, LOOK, look);
}

export async function writePoolLook({ redis, keys }: Store, found: PoolLook): Promise<void> {
  await redis.hset(keys.pool, LOOK, JSON.stringify(found));
}

/** Undefined where none is known, and for what nobody of ours has written. */
export async function readLastFilling(store: Store, cluster: number): Promise<LastFilling | undefined> {
  return await read(store, fieldOf(cluster), filling);
}

export async function writeLastFilling(
  { redis, keys }: Store,
  cluster: number,
  last: LastFilling,
): Promise<void> {
  await redis.hset(keys.pool, fieldOf(cluster), JSON.stringify(last));
}

async function read<T>({ redis, keys }: Store, field: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.safeParse(JSON.parse((await redis.hget(keys.pool, field)) ?? 'null')).data;
  } catch (error) {
    // No JSON, or something else than a hash: nobody of ours has put it there.
    const isForeign =
      error instanceof SyntaxError || (error instanceof Error && error.message.startsWith('WRONGTYPE'));
    if (isForeign) return undefined;
    throw error;
  }
}
