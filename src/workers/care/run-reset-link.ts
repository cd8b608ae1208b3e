import { updateInstance } from '../../instances/change/existing-instance.ts';
import { refuseUnreachable } from '../../instances/change/refuse-unreachable.ts';
import { isUnregistered, newResetToken, withResetToken } from '../../instances/documents/reset-token.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import type { ResetLinksPayload } from '../../jobs/kinds/reset-links.ts';
import type { Attempt } from '../stage/attempt.ts';
import { runCareJob } from './run-care-job.ts';

/** Runs one attempt at making a link for a new passphrase. @throws LostLock when the job is not ours */
export async function runResetLink(
  attempt: Attempt,
  payload: ResetLinksPayload,
): Promise<OutcomeOf<'reset-links'>> {
  const { services, signal } = attempt;
  return await runCareJob(attempt, payload, {
    stage: 'link',
    doubt: 'the link may have been used, or its time be over',
    done: 'linked',
    idle: 'unregistered',
    refuse: refuseUnreachable,
    async work({ _id: id }, { guard, willWrite }) {
      await willWrite();
      const token = newResetToken();
      const now = Date.now();
      const { document } = await updateInstance({ ...services, id, signal, guard }, (found) =>
        withResetToken(found, { token, until: now + payload.validMs, now }),
      );
      return isUnregistered(document) ? 'unregistered' : 'linked';
    },
  });
}
