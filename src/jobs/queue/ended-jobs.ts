import type { RedisClient } from '../../redis/client.ts';
import { FINAL_ROW_STATES, type FinalRowState } from '../batches/row-state.ts';
import { isJobKind, type JobKind } from '../kinds/job-kinds.ts';
import type { Keys } from '../redis/keys.ts';
import { script } from '../redis/script.ts';

// How many jobs have ended, by kind and outcome: what is kept of jobs themselves goes after a while, and no sum of it only
// ever grows.

/** The end of one life of a job: an operator may have a failed one tried again. */
export interface JobLifeEnd {
  readonly jobId: string;
  readonly kind: JobKind;
  readonly state: FinalRowState;
  /** Of its payload. */
  readonly generation: number;
}

/** Jobs of one kind that ended in one way. */
export interface EndedJobs {
  readonly kind: JobKind;
  readonly state: FinalRowState;
  readonly count: number;
}

/**
 * The last life that was counted is kept with the job, so that its end may be told several times.
 * KEYS: job, numbers. ARGV: generation, field.
 */
const COUNT = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local counted = tonumber(redis.call('HGET', KEYS[1], 'counted') or -1) or -1
if counted >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'counted', ARGV[1])
-- What somebody else has put there must not keep a job from ending.
redis.pcall('HINCRBY', KEYS[2], ARGV[2], 1)
return 1
`);

/** Counts a job that has ended for good; a repetition changes nothing. */
export async function countEnd(
  redis: RedisClient,
  keys: Keys,
  { jobId, kind, state, generation }: JobLifeEnd,
): Promise<void> {
  await COUNT.run(redis, [keys.bull(jobId), keys.endedJobs], [generation, `${kind} ${state}`]);
}

/** All that were counted since the fleet's Redis began; what nobody of ours has written there is passed over. */
export async function endedJobs(redis: RedisClient, keys: Keys): Promise<EndedJobs[]> {
  const numbers = await redis.hgetall(keys.endedJobs);
  return Object.entries(numbers).flatMap(([field, number]) => {
    const [kind = '', word = ''] = field.split(' ');
    const state = FINAL_ROW_STATES.find((each) => each === word);
    const count = /^\d{1,15}$/.test(number) ? Number(number) : undefined;
    return isJobKind(kind) && state !== undefined && count !== undefined ? [{ kind, state, count }] : [];
  });
}
