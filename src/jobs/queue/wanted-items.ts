import type { RedisClient } from '../../redis/client.ts';
import type { Keys } from '../redis/keys.ts';

// Workers of one fleet may make items by different definitions: in an upgrade, or with another `fleet.q`. Each says by which,
// so that none throws away what another one fills. A hint alone: where Redis has lost it, items are made anew.

interface Store {
  readonly redis: RedisClient;
  readonly keys: Keys;
}

/** How long items are kept after the last word of a worker that wants them, in milliseconds. */
const WANTED_MS = 600_000;

/** Says that a worker makes instances on that cluster from items of these definitions. */
export async function noteWanted(
  { redis, keys }: Store,
  cluster: number,
  definitions: string,
): Promise<void> {
  await redis.set(keys.poolWanted(cluster, definitions), '1', 'PX', WANTED_MS);
}

/** Of which items some worker has said so of late: pairs are asked for once. */
export function wantedItems({
  redis,
  keys,
}: Store): (cluster: number, definitions: string) => Promise<boolean> {
  const known = new Map<string, Promise<number>>();
  return async (cluster, definitions) => {
    const key = keys.poolWanted(cluster, definitions);
    const asked = known.get(key) ?? redis.exists(key);
    known.set(key, asked);
    return (await asked) === 1;
  };
}
