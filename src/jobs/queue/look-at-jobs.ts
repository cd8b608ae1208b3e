import type { Fleet } from '../fleet/fleet.ts';
import { type Progress, parseProgress } from './progress.ts';

/** Where a job is, as far as one look tells; how it ended is read by `readJobEnd`. */
export type JobLook =
  /** It is not in Redis any more. */
  | { readonly state: 'gone' }
  | { readonly state: 'ended' }
  | { readonly state: 'running'; readonly progress: Progress };

/**
 * Looks at jobs, all of them in one round trip, and answers in the order asked. Only what is needed is read: payloads
 * are long.
 */
export async function lookAtJobs(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  jobIds: readonly string[],
): Promise<JobLook[]> {
  const asked = jobIds.map((id) => ['hmget', keys.bull(id), 'timestamp', 'finishedOn', 'progress']);
  const answers = (await redis.pipeline(asked).exec()) ?? [];
  return answers.map(([error, fields]) => {
    if (error !== null) throw error;
    return lookOf(Array.isArray(fields) ? fields : []);
  });
}

function lookOf([timestamp, finishedOn, progress]: readonly unknown[]): JobLook {
  if (typeof timestamp !== 'string') return { state: 'gone' };
  if (typeof finishedOn === 'string') return { state: 'ended' };
  return { state: 'running', progress: parseProgress(typeof progress === 'string' ? progress : null) };
}
