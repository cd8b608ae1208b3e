import type { RedisClient } from '../../redis/client.ts';
import type { Keys } from '../redis/keys.ts';
import { script } from '../redis/script.ts';

/**
 * Takes locks from a dead worker, each only while it is still that worker's, and has BullMQ see the jobs as stalled the next
 * time that it looks, which may be at once: from there on all is as if the locks had run out, the count of stalls included.
 * For as long as a lock would have lasted its job is marked (`Keys.lateRequests`).
 * KEYS: stalled, stalled-check, then lock and mark of each job. ARGV: job id and token of each.
 */
const TAKE = script(`
local taken = {}
for at = 1, #ARGV, 2 do
  local lock, mark = KEYS[at + 2], KEYS[at + 3]
  if redis.pcall('GET', lock) == ARGV[at + 1] then
    local left = redis.call('PTTL', lock)
    redis.call('DEL', lock)
    redis.call('SADD', KEYS[1], ARGV[at])
    if left > 0 then redis.call('SET', mark, '1', 'PX', left) end
    taken[#taken + 1] = ARGV[at]
  end
end
if #taken > 0 then redis.call('DEL', KEYS[2]) end
return taken
`);

/**
 * Takes all its jobs from a worker whose process has ended. What is not seen now, because the worker's last question for a
 * job is answered later, is seen when this is repeated.
 * @param workerId with which the tokens of its locks begin
 * @returns ids of the jobs, which are stalled now
 */
export async function takeFromDead(
  { redis, keys }: { readonly redis: RedisClient; readonly keys: Keys },
  workerId: string,
): Promise<string[]> {
  const active = await redis.lrange(keys.bull('active'), 0, -1);
  if (active.length === 0) return [];
  const lockOf = (jobId: string): string => `${keys.bull(jobId)}:lock`;
  const tokens = await redis.mget(active.map(lockOf));
  const theirs = active.flatMap((jobId, at) => {
    const token = tokens[at];
    return token?.startsWith(`${workerId}:`) ? [{ jobId, token }] : [];
  });
  if (theirs.length === 0) return [];
  const taken = await TAKE.run(
    redis,
    [
      keys.bull('stalled'),
      keys.bull('stalled-check'),
      ...theirs.flatMap(({ jobId }) => [lockOf(jobId), keys.lateRequests(jobId)]),
    ],
    theirs.flatMap(({ jobId, token }) => [jobId, token]),
  );
  return Array.isArray(taken) ? taken.map(String) : [];
}
