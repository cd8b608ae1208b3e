import type { Fleet } from '../fleet/fleet.ts';
import { PRIORITY } from '../fleet/open-queue.ts';

/** Places of a priority in the queue's set of jobs that wait: those of one priority come in their order. */
export const PRIORITY_SPAN = 2 ** 32;

/**
 * Whether what nobody waits for has to leave off: another job waits for a worker, or the queue is paused. Rows that their
 * batch holds back wait for no worker. Costs the same however many jobs there are.
 */
export async function othersWait({ redis, keys }: Pick<Fleet, 'redis' | 'keys'>): Promise<boolean> {
  const [before, handedBack, paused] = await Promise.all([
    redis.zcount(keys.bull('prioritized'), '-inf', `(${PRIORITY.pool * PRIORITY_SPAN}`),
    redis.llen(keys.bull('wait')),
    redis.hexists(keys.bull('meta'), 'paused'),
  ]);
  return before > 0 || handedBack > 0 || paused === 1;
}
