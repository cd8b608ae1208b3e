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

/** Ends of late are counted in spans of so many seconds. */
const SPAN_SECONDS = 10;

/** Spans that make a minute. */
const SPANS = 60 / SPAN_SECONDS;

/** Seconds that those of the last minutes are kept after the last one. */
const LATELY_SECONDS = 600;

/**
 * The last life that was counted is kept with the job, so that its end may be told several times. Times are those of Redis.
 * KEYS: job, numbers, numbers of late. ARGV: generation, field, state, seconds of a span, spans that are kept, seconds
 * that the latter are kept.
 */
const COUNT = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local counted = tonumber(redis.call('HGET', KEYS[1], 'counted') or -1) or -1
if counted >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'counted', ARGV[1])
-- What somebody else has put there must not keep a job from ending.
redis.pcall('HINCRBY', KEYS[2], ARGV[2], 1)
local span = math.floor(tonumber(redis.call('TIME')[1]) / tonumber(ARGV[4]))
if redis.pcall('HINCRBY', KEYS[3], span .. ' ' .. ARGV[3], 1) == 1 then
  for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
    local of = tonumber(string.match(field, '^(%d+) '))
    if of == nil or of < span - tonumber(ARGV[5]) then redis.call('HDEL', KEYS[3], field) end
  end
end
redis.call('EXPIRE', KEYS[3], ARGV[6])
return 1
`);

/** Counts a job that has ended for good; a repetition changes nothing. */
export async function countEnd(
  redis: RedisClient,
  keys: Keys,
  { jobId, kind, state, generation }: JobLifeEnd,
): Promise<void> {
  await COUNT.run(
    redis,
    [keys.bull(jobId), keys.endedJobs, keys.endedLately],
    [generation, `${kind} ${state}`, state, SPAN_SECONDS, SPANS, LATELY_SECONDS],
  );
}

/** How many jobs ended in the last minute, by how they ended; what nobody of ours has written there is passed over. */
export async function endedLately(
  redis: RedisClient,
  keys: Keys,
): Promise<Readonly<Record<FinalRowState, number>>> {
  const counts = { done: 0, skipped: 0, incomplete: 0, failed: 0, cancelled: 0 };
  const [[seconds], numbers] = await Promise.all([redis.time(), numbersAt(redis, keys.endedLately)]);
  const now = Math.floor(Number(seconds) / SPAN_SECONDS);
  for (const [field, number] of Object.entries(numbers)) {
    const [span = '', word = ''] = field.split(' ');
    const state = FINAL_ROW_STATES.find((each) => each === word);
    const isLate = Number(span) > now - SPANS && Number(span) <= now;
    if (state !== undefined && isLate && /^\d{1,15}$/.test(number)) counts[state] += Number(number);
  }
  return counts;
}

/** Fields of a hash; none where there is something else than a hash. */
async function numbersAt(redis: RedisClient, key: string): Promise<Record<string, string>> {
  try {
    return await redis.hgetall(key);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return {};
    throw error;
  }
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
