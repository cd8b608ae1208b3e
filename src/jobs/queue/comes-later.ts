import type { RedisClient } from '../../redis/client.ts';
import type { LivePayload } from '../kinds/job-kinds.ts';
import type { Keys } from '../redis/keys.ts';
import { hasFinished, parseProgress } from './progress.ts';

/**
 * Whether a job makes an instance of that domain, now or soon: it is queued, runs, or waits for another
 * try, and has not put the instance into use yet.
 */
async function creationUnderWay(redis: RedisClient, keys: Keys, domain: string): Promise<boolean> {
  const [jobId, kind] = await redis.hmget(keys.name(domain), 'job', 'kind');
  if (!jobId || kind !== 'create') return false;
  const [exists, completed, failed, progress] = await Promise.all([
    redis.exists(keys.bull(jobId)),
    redis.zscore(keys.bull('completed'), jobId),
    redis.zscore(keys.bull('failed'), jobId),
    redis.hget(keys.bull(jobId), 'progress'),
  ]);
  if (exists === 0 || completed !== null || failed !== null) return false;
  return !hasFinished(parseProgress(progress));
}

/** Whether a job has to wait: what is to be made before it is still under way. */
export async function comesLater(redis: RedisClient, keys: Keys, payload: LivePayload): Promise<boolean> {
  if (payload.kind !== 'create' || payload.after === undefined) return false;
  const first = await Promise.all(payload.after.map((domain) => creationUnderWay(redis, keys, domain)));
  return first.includes(true);
}
