import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { DONE_JOBS } from '../../jobs/redis/retention.ts';

// A creation whose answer did not go out, because the server was killed or the client left, is answered when the client
// asks again. What is kept for that is the job, a digest of what was asked for, and how many clients wait: several may
// ask for the same, and each of them is to be told.

/** As long as Redis keeps the job itself, without which a note says nothing. */
const NOTE_SECONDS = DONE_JOBS.age;

type Notes = Pick<Fleet, 'redis' | 'keys'>;

/** What was asked for, and the job that makes it. */
export interface AskedFor {
  readonly domain: string;
  readonly jobId: string;
  /** Equal for two requests that ask for the same. */
  readonly requestHash: string;
}

/** Notes that a client asked. To be done before its job is queued, or a server killed in between would forget it. */
export async function noteUnanswered({ redis, keys }: Notes, asked: AskedFor): Promise<void> {
  const key = keys.unanswered(asked.domain);
  await redis.multi().hincrby(key, fieldOf(asked), 1).expire(key, NOTE_SECONDS).exec();
}

/** Takes one note back: an answer has gone out, or no such job was queued. */
export async function forgetUnanswered({ redis, keys }: Notes, asked: AskedFor): Promise<void> {
  const key = keys.unanswered(asked.domain);
  const left = await redis.hincrby(key, fieldOf(asked), -1);
  if (left <= 0) await redis.hdel(key, fieldOf(asked));
}

/** Jobs of creations of that domain with that very request of which somebody was not told. */
export async function unansweredJobs(
  { redis, keys }: Notes,
  { domain, requestHash }: Omit<AskedFor, 'jobId'>,
): Promise<string[]> {
  const notes = await redis.hgetall(keys.unanswered(domain));
  return Object.keys(notes).flatMap((field) => {
    const [jobId = '', noted] = field.split(' ');
    return noted === requestHash ? [jobId] : [];
  });
}

function fieldOf({ jobId, requestHash }: AskedFor): string {
  return `${jobId} ${requestHash}`;
}
