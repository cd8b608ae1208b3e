import type { JobType } from 'bullmq';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { type JobFacts, type JobState, jobFacts, unreadableFacts } from './job-facts.ts';

/** Jobs that are read at a time. */
const PAGE = 100;

/** The queue's own words; a job with a priority, as all of ours, waits as `prioritized`. */
const QUEUE_STATES: Readonly<Record<JobState, readonly JobType[]>> = {
  waiting: ['prioritized', 'waiting'],
  active: ['active'],
  retrying: ['delayed'],
  done: ['completed'],
  failed: ['failed'],
};

/** Jobs of these states, state by state, at most `limit` of them. */
export async function* listJobs(
  { queue }: Pick<Fleet, 'queue'>,
  states: readonly JobState[],
  limit: number,
): AsyncGenerator<JobFacts> {
  let left = limit;
  for (const state of states) {
    for (const type of QUEUE_STATES[state]) {
      for (let start = 0; left > 0; start += PAGE) {
        const ids = await queue.getRanges([type], start, start + Math.min(PAGE, left) - 1);
        const jobs = await Promise.all(ids.map((id) => readJob(queue, id)));
        for (const [at, job] of jobs.entries()) {
          // One that was removed in this moment leaves a hole.
          if (job === undefined) continue;
          yield job === 'unreadable' ? unreadableFacts(ids[at] ?? '', state) : jobFacts(job, state);
          left -= 1;
        }
        if (jobs.length < PAGE) break;
      }
    }
  }
}
