import type { Fleet } from '../fleet/fleet.ts';

/**
 * Whether requests of a dead worker for that job may still be carried out: for as long as its lock would have lasted
 * (`take-from-dead.ts`).
 */
export async function mayBeLate(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  jobId: string,
): Promise<boolean> {
  return (await redis.pttl(keys.lateRequests(jobId))) > 0;
}
