import { CouchError } from '../couchdb/errors.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { FleetError } from '../errors.ts';
import type { Scheme } from '../instances/link.ts';
import { type CreateRequest, enqueueCreate } from '../jobs/enqueue.ts';
import type { Fleet } from '../jobs/fleet.ts';
import { type Progress, readProgress } from '../jobs/progress.ts';
import { type JobEnd, waitForJob } from '../jobs/wait.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';
import type { Patience } from './patience.ts';
import { type Registration, readRegistration } from './registration.ts';
import { noteIdleWorkers } from './worker-notice.ts';

/** What `instances add` answers with `--json`. */
export interface Creation extends Partial<Registration> {
  readonly domain: string;
  /** `exists`: the same person's was there already; `queued` and `running`: the work goes on without us. */
  readonly outcome: 'created' | 'exists' | 'queued' | 'running';
  readonly jobId: string;
}

/** What a creation is watched with. */
export interface Watching {
  readonly fleet: Fleet;
  readonly global: CouchServer;
  readonly linkScheme: Scheme;
  readonly output: Output;
  /** Told how far it is, as long as it runs and at its end. */
  onProgress?(progress: Progress): void;
}

/**
 * Queues one creation.
 * @returns the job that does it, which may be an earlier one
 * @throws FleetError `busy` when other work holds the domain or an alias
 */
export async function submitOne(fleet: Fleet, request: CreateRequest, output: Output): Promise<string> {
  const answer = await enqueueCreate(fleet, request);
  switch (answer.state) {
    case 'queued':
      return answer.jobId;
    case 'joined':
      output.note(`Job ${answer.jobId} is creating it already.`);
      return answer.jobId;
    case 'busy':
      throw new FleetError(
        'busy',
        `busy: job ${answer.jobId} is ${doing(answer.kind)} ${answer.name}`,
        `See it: cozy-fleet jobs show ${answer.jobId}`,
      );
  }
}

function doing(kind: string): string {
  return kind === 'destroy' ? 'destroying' : kind === 'create' ? 'creating' : `working (${kind}) on`;
}

/**
 * Waits for a creation and says how it ended, in the stack's words (`cli-and-admin-api.md` §1.3).
 * @throws FleetError when it failed
 */
export async function watchOne(
  watching: Watching,
  { domain, jobId }: { readonly domain: string; readonly jobId: string },
  patience: Patience,
): Promise<{ readonly creation: Creation; readonly exitCode: ExitCode }> {
  const { fleet, output, onProgress } = watching;
  await noteIdleWorkers(fleet, output);
  const end = await waitForJob(fleet, jobId, {
    signal: patience.signal,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  if (onProgress !== undefined) onProgress(await lastProgress(fleet, jobId));
  if (end.state === 'running') {
    output.note(`The creation goes on. Watch it: cozy-fleet jobs watch ${jobId}`);
    return {
      creation: { domain, outcome: 'running', jobId },
      exitCode: patience.gaveUp === 'interrupted' ? EXIT.interrupted : EXIT.stillRunning,
    };
  }
  const { outcome, incarnation } = goodEnd(end, jobId);
  if (outcome === 'exists') return { creation: { domain, outcome, jobId }, exitCode: EXIT.done };
  output.line(`Instance created with success for domain ${domain}`);
  const registration = await tryRegistration(watching, domain, incarnation);
  return { creation: { domain, outcome, jobId, ...registration }, exitCode: EXIT.done };
}

/** Shows how the owner gets in. The instance is there, whether that can be read or not. */
async function tryRegistration(
  { global, linkScheme, output }: Watching,
  domain: string,
  incarnation: string | undefined,
): Promise<Registration | undefined> {
  try {
    const registration = await readRegistration(global, domain, incarnation, linkScheme);
    if (registration !== undefined) printRegistration(registration, output);
    return registration;
  } catch (error) {
    if (!(error instanceof CouchError)) throw error;
    output.note(`Its registration token cannot be read now: ${error.message}`);
    output.note(`Show it later: cozy-fleet jobs watch ${domain}`);
    return undefined;
  }
}

/** The last stages may have ended between two looks. */
async function lastProgress({ queue }: Fleet, jobId: string): Promise<Progress> {
  return readProgress((await queue.getJob(jobId))?.progress);
}

function printRegistration({ registerToken, link }: Registration, output: Output): void {
  output.line(`Registration token: "${registerToken}"`);
  output.line(`Define your password by visiting ${link}`);
}

/** @throws FleetError when the job failed or is gone */
function goodEnd(
  end: Exclude<JobEnd, { state: 'running' }>,
  jobId: string,
): Extract<JobEnd, { state: 'done' }> {
  switch (end.state) {
    case 'done':
      return end;
    case 'failed':
      if (end.code === 'taken') throw alreadyExists(end.message);
      throw new FleetError(
        end.code,
        end.message,
        end.advice || `See its stages: cozy-fleet jobs show ${jobId}`,
      );
    case 'gone':
      throw new FleetError(
        'lost_job',
        `job ${jobId} is gone from Redis`,
        'Run the same command again: it goes on where the work stopped.',
      );
  }
}

/** The stack's words for a domain or an alias that has an owner. */
export function alreadyExists(detail: string): FleetError {
  return new FleetError('exists', 'Conflict: Instance already exists', detail);
}
