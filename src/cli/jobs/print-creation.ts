import type { Registration } from '../../instances/lookup/registration.ts';
import type { CreationResult, RegistrationReading } from '../../operations/jobs/follow-creation.ts';
import { type CommandResult, outcomeOfCreation } from '../terminal/exit-codes.ts';
import type { Output } from '../terminal/output.ts';
import { goesOnText, queuedText } from './print-job.ts';

/** What `instances add` answers with `--json`. */
export interface Creation extends Partial<Registration> {
  readonly domain: string;
  /** `exists`: the same person's was there already; `queued` and `running`: the work goes on without us. */
  readonly outcome: 'created' | 'exists' | 'queued' | 'running';
  readonly jobId: string;
  /** Applications that were ordered and are not installed; absent when there are none. */
  readonly missingApps?: readonly string[];
}

/** Says how a creation stands, in the stack's words (`docs/admin-api.md` §1.3); that it was made is told before. */
export function printCreation(result: CreationResult, output: Output): CommandResult<Creation> {
  const { domain, jobId } = result;
  const outcome = outcomeOfCreation(result);
  switch (result.outcome) {
    case 'queued':
      output.line(queuedText(jobId));
      return { answer: { domain, outcome: 'queued', jobId }, outcome };
    case 'running':
      output.note(goesOnText('create', jobId));
      return { answer: { domain, outcome: 'running', jobId }, outcome };
    case 'exists':
      return { answer: { domain, outcome: 'exists', jobId }, outcome };
    case 'created': {
      const registration = printRegistration(domain, result.registration, output);
      return { answer: { domain, outcome: 'created', jobId, ...registration }, outcome };
    }
    case 'incomplete': {
      const { missingApps } = result;
      const registration = printRegistration(domain, result.registration, output);
      for (const app of missingApps) output.line(`/!\\ Application ${app} has not been installed`);
      output.note(`Try again what is missing: cozy-fleet jobs retry ${jobId}`);
      return { answer: { domain, outcome: 'created', jobId, ...registration, missingApps }, outcome };
    }
  }
}

/** Shows how the owner gets in, as far as that is known. */
function printRegistration(
  domain: string,
  reading: RegistrationReading,
  output: Output,
): Registration | undefined {
  if (reading.state === 'unreadable') {
    output.note(`Its registration token cannot be read now: ${reading.problem}`);
    output.note(`Show it later: cozy-fleet jobs watch ${domain}`);
    return undefined;
  }
  const { registration } = reading;
  if (registration === undefined) return undefined;
  output.line(`Registration token: "${registration.registerToken}"`);
  output.line(`Define your password by visiting ${registration.link}`);
  return registration;
}
