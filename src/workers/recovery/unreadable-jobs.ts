import { FleetError } from '../../errors.ts';
import { fence } from '../../jobs/batches/row-state.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { placeOf } from '../../jobs/index/place.ts';
import { failureText } from '../../jobs/queue/ending.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { script } from '../../jobs/redis/script.ts';

/** Jobs that are looked at in each list: where one cannot be read, others of its kind are near it. */
const NEXT_JOBS = 500;

const REASON = failureText(
  new FleetError(
    'bad_payload',
    'what is kept of the job is not one of ours',
    'See who else can reach Redis. If it was yours, submit it again.',
  ),
);

/**
 * Ends a job that no worker holds, or that was given to workers in vain so often that BullMQ wants it to fail (`defa`).
 * What is no hash is no job, and is only taken from the queue.
 * KEYS: job, its lock, active, wait, stalled, failed. ARGV: job id, reason.
 */
const FAIL = script(`
local mayFail = redis.pcall('HEXISTS', KEYS[1], 'defa') == 1
if redis.call('EXISTS', KEYS[2]) == 1 and not mayFail then return 0 end
local there = redis.call('LREM', KEYS[3], 0, ARGV[1]) + redis.call('LREM', KEYS[4], 0, ARGV[1])
if there == 0 then return 0 end
redis.call('SREM', KEYS[5], ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local written = redis.pcall('HSET', KEYS[1], 'failedReason', ARGV[2], 'finishedOn', now)
if type(written) == 'number' then redis.call('ZADD', KEYS[6], now, ARGV[1]) end
return 1
`);

/**
 * Fails the jobs that BullMQ cannot read: it gives them to workers for ever, whose every try to take one is an
 * error that names no job.
 * @param onFailed called with the id of each
 */
export async function failUnreadableJobs(
  { queue, redis, keys, index }: Pick<Fleet, 'queue' | 'redis' | 'keys' | 'index'>,
  onFailed: (jobId: string) => void,
): Promise<void> {
  const [active, wait] = [keys.bull('active'), keys.bull('wait')];
  // Workers take from the end.
  const lists = await Promise.all([redis.lrange(active, -NEXT_JOBS, -1), redis.lrange(wait, -NEXT_JOBS, -1)]);
  for (const id of new Set(lists.flat())) {
    if ((await readJob(queue, id)) !== 'unreadable') continue;
    const places = [active, wait, keys.bull('stalled'), keys.bull('failed')];
    const failed = await FAIL.run(redis, [keys.bull(id), `${keys.bull(id)}:lock`, ...places], [id, REASON]);
    if (failed !== 1) continue;
    const [answer] = (await redis.pipeline([['hget', keys.bull(id), 'name']]).exec()) ?? [];
    const [, name] = answer ?? [];
    const place = placeOf(typeof name === 'string' ? name : '', 'failed', { code: 'bad_payload' });
    // It reports nothing itself, whatever it has reported before.
    await index.move(id, place, fence(2 ** 20, 0, 'failed'));
    onFailed(id);
  }
}
