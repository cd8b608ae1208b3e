import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { PRIORITY } from '../../jobs/fleet/open-queue.ts';
import { PARKED_SCORE } from '../../jobs/gate/parked.ts';
import { PRIORITY_SPAN } from '../../jobs/queue/others-wait.ts';
import type { JobState } from './job-facts.ts';

/** How much work there is. */
export interface QueueDepth {
  /** Jobs by where they are; those that ended are gone after a while. */
  readonly jobs: Readonly<Record<JobState, number>>;
  /** ISO 8601: since when the job at the head of a line has waited; absent when none waits. */
  readonly oldestWaiting?: string;
}

/** Counts the jobs, at a cost that does not grow with them. */
export async function queueDepth({
  queue,
  redis,
  keys,
}: Pick<Fleet, 'queue' | 'redis' | 'keys'>): Promise<QueueDepth> {
  const [counts, parked] = await Promise.all([
    queue.getJobCounts('prioritized', 'waiting', 'active', 'delayed', 'completed', 'failed'),
    redis.zcount(keys.bull('delayed'), PARKED_SCORE, '+inf'),
  ]);
  const { prioritized = 0, waiting = 0, active = 0, delayed = 0, completed = 0, failed = 0 } = counts;
  const jobs = {
    waiting: prioritized + waiting + parked,
    active,
    retrying: Math.max(0, delayed - parked),
    done: completed,
    failed,
  };
  if (jobs.waiting === 0) return { jobs };
  const heads = await Promise.all([
    ...Object.values(PRIORITY).map((priority) => {
      const from = priority * PRIORITY_SPAN;
      const until = `(${from + PRIORITY_SPAN}`;
      return redis.zrangebyscore(keys.bull('prioritized'), from, until, 'LIMIT', 0, 1);
    }),
    // Handed-back jobs wait without a priority; the next one is at the end of the list.
    redis.lrange(keys.bull('wait'), -1, -1),
    redis.zrangebyscore(keys.bull('delayed'), PARKED_SCORE, '+inf', 'LIMIT', 0, 1),
  ]);
  const times = await Promise.all(heads.flat().map((jobId) => redis.hget(keys.bull(jobId), 'timestamp')));
  const oldest = Math.min(...times.map((time) => (time === null ? Number.NaN : Number(time))).filter(isTime));
  return Number.isFinite(oldest) ? { jobs, oldestWaiting: new Date(oldest).toISOString() } : { jobs };
}

function isTime(time: number): boolean {
  return Number.isFinite(time) && Math.abs(time) <= 8.64e15;
}
