import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { type JobFacts, jobFacts } from './job-facts.ts';
import { createStateReader } from './state-reader.ts';

/**
 * The jobs that are known by a name: the one that holds it, and the one that held it last (`claims.ts`); latest first.
 * @param name domain or alias, as it is stored
 */
export async function knownJobs(fleet: Fleet, name: string): Promise<JobFacts[]> {
  const { redis, keys, queue } = fleet;
  const ids = await redis.hmget(keys.name(name), 'job', 'last');
  const known = [...new Set(ids)].filter((id) => id !== null);
  const jobs = await Promise.all(known.map((id) => readJob(queue, id)));
  const stateOf = createStateReader(fleet);
  const facts: JobFacts[] = [];
  for (const job of jobs) {
    if (job === undefined || job === 'unreadable') continue;
    facts.push(jobFacts(job, await stateOf(job)));
  }
  return facts.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
}
