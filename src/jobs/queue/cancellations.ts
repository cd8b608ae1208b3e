import type { RedisClient } from '../../redis/client.ts';
import type { Keys } from '../redis/keys.ts';

/** How long a cancellation is remembered: longer than any job is away from a worker. */
const FLAG_SECONDS = 24 * 3600;

/** Asks the worker that has the job, now or later, to stop it. @param by the operator who wants it, for the record */
export async function requestCancel(
  redis: RedisClient,
  keys: Keys,
  jobId: string,
  by: string,
): Promise<void> {
  await redis.multi().set(keys.cancel(jobId), by, 'EX', FLAG_SECONDS).publish(keys.cancelChannel, '').exec();
}

/** Takes a cancellation back, so that the job may be tried again. */
export async function forgetCancel(redis: RedisClient, keys: Keys, jobId: string): Promise<void> {
  await redis.del(keys.cancel(jobId));
}

/** The operators who want these jobs stopped, in the order of the jobs; null where a job is to go on. */
export async function readCancels(
  redis: RedisClient,
  keys: Keys,
  jobIds: readonly string[],
): Promise<(string | null)[]> {
  return jobIds.length === 0 ? [] : await redis.mget(jobIds.map((id) => keys.cancel(id)));
}
