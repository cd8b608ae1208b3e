import { refuseUnfinished } from '../../instances/change/existing-instance.ts';
import type { CleanSessionsPayload } from '../../jobs/kinds/clean-sessions.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import { cleanSessions } from '../../usage/clean-sessions.ts';
import type { Attempt } from '../stage/attempt.ts';
import { runCareJob } from './run-care-job.ts';

/** Runs one attempt at ending the sessions of an instance. @throws LostLock when the job is not ours */
export async function runSessionCleaning(
  attempt: Attempt,
  payload: CleanSessionsPayload,
): Promise<OutcomeOf<'clean-sessions'>> {
  const { services, signal } = attempt;
  const { logins } = payload;
  return await runCareJob(attempt, payload, {
    stage: 'clean',
    doubt: 'somebody may have logged in since',
    done: 'cleaned',
    idle: 'no-sessions',
    refuse: refuseUnfinished,
    async work(instance, { begun, guard, willWrite }) {
      const cleaning = { ...services, id: instance._id, signal, guard, logins, willWrite };
      const gone = await cleanSessions(cleaning, instance);
      return gone > 0 || begun ? 'cleaned' : 'no-sessions';
    },
  });
}
