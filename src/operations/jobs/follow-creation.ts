import { CouchError } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import type { Scheme } from '../../instances/domains/registration-link.ts';
import { type Registration, readRegistration } from '../../instances/lookup/registration.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { parsePayload } from '../../jobs/kinds/payload.ts';
import { missingApps } from '../../jobs/queue/ending.ts';
import { hasFinished, type Progress } from '../../jobs/queue/progress.ts';
import type { WaitEnd, WaitLimit } from '../wait-limit.ts';
import { type FollowedJob, followJob, lastProgress } from './follow-job.ts';
import type { CreationReporter, JobReporter } from './job-report.ts';

/** How an owner gets in, as far as that can be told. The instance is there either way. */
export type RegistrationReading =
  /** Undefined where the owner needs none, or where that life of the domain is over. */
  | { readonly state: 'read'; readonly registration: Registration | undefined }
  | { readonly state: 'unreadable'; readonly problem: string };

/** How the creation of an instance stands when it is followed no more. */
export type CreationResult = { readonly domain: string; readonly jobId: string } & (
  | { readonly outcome: 'queued' }
  | { readonly outcome: 'running'; readonly endedBy: WaitEnd }
  /** The same person's instance was there already. */
  | { readonly outcome: 'exists' }
  | { readonly outcome: 'created'; readonly registration: RegistrationReading }
  /** Made and in use, without all of the applications that were ordered. */
  | {
      readonly outcome: 'incomplete';
      readonly registration: RegistrationReading;
      readonly missingApps: readonly string[];
    }
);

/** Where a creation is followed. */
export interface CreationServices {
  readonly fleet: Fleet;
  readonly global: CouchServer;
  readonly linkScheme: Scheme;
}

/**
 * Waits for the end of a creation, or until the limit.
 * @throws FleetError `exists` when the domain or an alias is another instance's, and as `followJob`
 */
export async function followCreation(
  services: CreationServices,
  { domain, jobId }: { readonly domain: string; readonly jobId: string },
  limit: WaitLimit,
  report: CreationReporter,
): Promise<CreationResult> {
  const about = { domain, jobId };
  const end = await followToUse(services.fleet, jobId, limit, report);
  if (end.state === 'running') return { ...about, outcome: 'running', endedBy: end.endedBy };
  if (end.state === 'done' && end.outcome === 'exists') return { ...about, outcome: 'exists' };
  const problem = end.state === 'incomplete' ? end.problem : undefined;
  // At once: to read how the owner gets in may take as long as CouchDB takes to answer.
  report({ event: 'created', domain, problem });
  const registration = await registrationReading(services, domain, end.incarnation);
  if (end.state === 'done') return { ...about, outcome: 'created', registration };
  const missing = await appsMissingOf(services.fleet, jobId, end.progress);
  return { ...about, outcome: 'incomplete', registration, missingApps: missing };
}

/** A creation that failed with its instance in use. */
interface IncompleteJob {
  readonly state: 'incomplete';
  readonly incarnation: string | undefined;
  readonly progress: Progress;
  readonly problem: string;
}

async function followToUse(
  fleet: Fleet,
  jobId: string,
  limit: WaitLimit,
  report: JobReporter,
): Promise<FollowedJob | IncompleteJob> {
  try {
    return await followJob(fleet, jobId, limit, report);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    if (error.code === 'taken') throw alreadyExists(error.message);
    const progress = await lastProgress(fleet, jobId);
    if (!hasFinished(progress) || error.code === 'superseded') throw error;
    const { incarnation } = progress;
    return { state: 'incomplete', incarnation, progress, problem: error.message };
  }
}

async function appsMissingOf(
  { queue }: Fleet,
  jobId: string,
  progress: Progress,
): Promise<readonly string[]> {
  const job = await queue.getJob(jobId);
  return job === undefined ? [] : missingApps(parsePayload(job.data), progress);
}

async function registrationReading(
  { global, linkScheme }: CreationServices,
  domain: string,
  incarnation: string | undefined,
): Promise<RegistrationReading> {
  try {
    const registration = await readRegistration(global, domain, incarnation, linkScheme);
    return { state: 'read', registration };
  } catch (error) {
    if (!(error instanceof CouchError)) throw error;
    return { state: 'unreadable', problem: error.message };
  }
}

/** The stack's words for a domain or an alias that has an owner (`docs/admin-api.md` §1.3). */
export function alreadyExists(detail: string): FleetError {
  return new FleetError('exists', 'Conflict: Instance already exists', detail);
}
