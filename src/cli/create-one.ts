import { CouchError } from '../couchdb/errors.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { FleetError } from '../errors.ts';
import type { Scheme } from '../instances/domains/registration-link.ts';
import { hasFinished } from '../jobs/failed-state.ts';
import { missingApps } from '../jobs/missing-apps.ts';
import { parsePayload } from '../jobs/payload.ts';
import type { Progress } from '../jobs/progress.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';
import type { Patience } from './patience.ts';
import { type Registration, readRegistration } from './registration.ts';
import { type JobWatching, lastProgress, type Watched, type WatchedJob, watchJob } from './watch-job.ts';

/** What `instances add` answers with `--json`. */
export interface Creation extends Partial<Registration> {
  readonly domain: string;
  /** `exists`: the same person's was there already; `queued` and `running`: the work goes on without us. */
  readonly outcome: 'created' | 'exists' | 'queued' | 'running';
  readonly jobId: string;
  /** Applications that were ordered and are not installed; absent when there are none. */
  readonly missingApps?: readonly string[];
}

/** What a creation is watched with. */
export interface Watching extends JobWatching {
  readonly global: CouchServer;
  readonly linkScheme: Scheme;
}

/**
 * Waits for a creation and says how it ended, in the stack's words (`docs/admin-api.md` §1.3).
 * @throws FleetError when it failed
 */
export async function watchOne(
  watching: Watching,
  { domain, jobId }: { readonly domain: string; readonly jobId: string },
  patience: Patience,
): Promise<{ readonly creation: Creation; readonly exitCode: ExitCode }> {
  const end = await watchCreation(watching, { kind: 'create', domain, jobId }, patience);
  if (end.state === 'incomplete') return await tellIncomplete(watching, { domain, jobId }, end.progress);
  if (end.state === 'running') {
    return { creation: { domain, outcome: 'running', jobId }, exitCode: end.exitCode };
  }
  if (end.outcome === 'exists')
    return { creation: { domain, outcome: 'exists', jobId }, exitCode: EXIT.done };
  watching.output.line(`Instance created with success for domain ${domain}`);
  const registration = await tryRegistration(watching, domain, end.incarnation);
  return { creation: { domain, outcome: 'created', jobId, ...registration }, exitCode: EXIT.done };
}

/** The instance was made, but not all of its applications are installed. */
interface Incomplete {
  readonly state: 'incomplete';
  readonly progress: Progress;
}

async function watchCreation(
  watching: Watching,
  job: WatchedJob,
  patience: Patience,
): Promise<Watched | Incomplete> {
  try {
    return await watchJob(watching, job, patience);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    if (error.code === 'taken') throw alreadyExists(error.message);
    const progress = await lastProgress(watching.fleet, job.jobId);
    if (!hasFinished(progress) || error.code === 'superseded') throw error;
    watching.output.note(error.message);
    return { state: 'incomplete', progress };
  }
}

/** In the stack's words; whoever asked for applications has not got what was asked for. */
async function tellIncomplete(
  watching: Watching,
  { domain, jobId }: { readonly domain: string; readonly jobId: string },
  progress: Progress,
): Promise<{ readonly creation: Creation; readonly exitCode: ExitCode }> {
  const { fleet, output } = watching;
  output.line(`Instance created with success for domain ${domain}`);
  const registration = await tryRegistration(watching, domain, progress.incarnation);
  const job = await fleet.queue.getJob(jobId);
  const missing = job === undefined ? [] : missingApps(parsePayload(job.data), progress);
  for (const app of missing) output.line(`/!\\ Application ${app} has not been installed`);
  output.note(`Try again what is missing: cozy-fleet jobs retry ${jobId}`);
  return {
    creation: { domain, outcome: 'created', jobId, ...registration, missingApps: missing },
    exitCode: EXIT.partlyFailed,
  };
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

function printRegistration({ registerToken, link }: Registration, output: Output): void {
  output.line(`Registration token: "${registerToken}"`);
  output.line(`Define your password by visiting ${link}`);
}

/** The stack's words for a domain or an alias that has an owner. */
export function alreadyExists(detail: string): FleetError {
  return new FleetError('exists', 'Conflict: Instance already exists', detail);
}
