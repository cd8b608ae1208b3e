import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { DONE_JOBS } from '../../jobs/redis/retention.ts';

// A creation whose answer did not go out, because the server was killed or the client left, is answered when the client
// asks again. What is kept for that is the job and a digest of what was asked for.

/** As long as Redis keeps the job itself, without which the note says nothing. */
const NOTE_SECONDS = DONE_JOBS.age;

type Notes = Pick<Fleet, 'redis' | 'keys'>;

/** Notes that a creation was asked for. To be done before its job is queued, or a server killed in between would forget it. */
export async function noteUnanswered(
  { redis, keys }: Notes,
  domain: string,
  { jobId, requestHash }: { readonly jobId: string; readonly requestHash: string },
): Promise<void> {
  const key = keys.unanswered(domain);
  await redis.multi().hset(key, jobId, requestHash).expire(key, NOTE_SECONDS).exec();
}

/** Takes the note back: the answer has gone out, or no such job was queued. */
export async function forgetUnanswered({ redis, keys }: Notes, domain: string, jobId: string): Promise<void> {
  await redis.hdel(keys.unanswered(domain), jobId);
}

/** Jobs of creations of that domain with that very request which were not answered. */
export async function unansweredJobs(
  { redis, keys }: Notes,
  domain: string,
  requestHash: string,
): Promise<string[]> {
  const notes = await redis.hgetall(keys.unanswered(domain));
  return Object.entries(notes).flatMap(([jobId, noted]) => (noted === requestHash ? [jobId] : []));
}
