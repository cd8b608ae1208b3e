import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { script } from '../../jobs/redis/script.ts';
import { networkOf } from '../http/network-of.ts';

/** How long a wrong token counts, from the first one on. */
const WINDOW_SECONDS = 10 * 60;

/** Most wrong tokens in that time that are answered like the first one. */
const MOST_FROM_ADDRESS = 20;
const MOST_FOR_INSTANCE = 200;

/**
 * Counts one more, and answers for how many milliseconds one of the counters is above its limit.
 * KEYS: counters. ARGV: milliseconds that they last, then the limit of each.
 */
const COUNT = script(`
local wait = 0
for i, key in ipairs(KEYS) do
  local count = redis.call('INCR', key)
  if count == 1 then redis.call('PEXPIRE', key, ARGV[1]) end
  if count > tonumber(ARGV[i + 1]) then wait = math.max(wait, redis.call('PTTL', key)) end
end
return wait
`);

/**
 * Counts a wrong register token, in all processes of the fleet together. Only what is known to be wrong is counted, so
 * that nobody can lock an owner out by guessing. (The counters of `@fastify/rate-limit` want their Redis when the server
 * starts, and ours may be away then; and they count one key at a time.)
 *
 * @param address of the client, as far as proxies are trusted
 * @param id of the instance
 * @returns seconds to wait where there were too many; undefined where there were not
 * @throws what Redis says when it is away
 */
export async function countWrongToken(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  address: string,
  id: string,
): Promise<number | undefined> {
  const counters = [keys.guesses(`from:${networkOf(address)}`), keys.guesses(`for:${id}`)];
  const limits = [MOST_FROM_ADDRESS, MOST_FOR_INSTANCE];
  const wait = Number(await COUNT.run(redis, counters, [WINDOW_SECONDS * 1_000, ...limits]));
  return wait > 0 ? Math.ceil(wait / 1_000) : undefined;
}
