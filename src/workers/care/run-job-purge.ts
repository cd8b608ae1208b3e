import { refuseUnfinished } from '../../instances/change/existing-instance.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import type { PurgeJobsPayload } from '../../jobs/kinds/purge-jobs.ts';
import { purgeJobs } from '../../usage/purge-jobs.ts';
import type { Attempt } from '../stage/attempt.ts';
import { runCareJob } from './run-care-job.ts';

/** Runs one attempt at removing old jobs of a stack from an instance. @throws LostLock when the job is not ours */
export async function runJobPurge(
  attempt: Attempt,
  payload: PurgeJobsPayload,
): Promise<OutcomeOf<'purge-jobs'>> {
  const { services, signal } = attempt;
  const { olderThanMs, workers } = payload;
  return await runCareJob(attempt, payload, {
    stage: 'purge',
    doubt: 'more jobs may be old by now',
    done: 'purged',
    idle: 'no-old-jobs',
    refuse: refuseUnfinished,
    async work(instance, { begun, guard, willWrite }) {
      const purge = { ...services, id: instance._id, signal, guard, olderThanMs, workers, willWrite };
      const gone = await purgeJobs(purge, instance);
      return gone > 0 || begun ? 'purged' : 'no-old-jobs';
    },
  });
}
