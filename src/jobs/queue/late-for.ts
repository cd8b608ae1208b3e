import type { Fleet } from '../fleet/fleet.ts';

/**
 * For how many milliseconds more requests of a dead worker for that job may be carried out: as long as its lock would have
 * lasted (`take-from-dead.ts`). 0 where none may.
 */
export async function lateFor(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  jobId: string,
): Promise<number> {
  return Math.max(0, await redis.pttl(keys.lateRequests(jobId)));
}
