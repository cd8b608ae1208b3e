import { FleetError } from '../../errors.ts';
import { reservationId } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { readInstance } from '../../instances/lookup/lookup.ts';
import { isOfIncarnation } from '../../instances/lookup/registration.ts';
import type { InstanceOptions } from '../../instances/options/options.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { doneStages, hasFinished, type Progress } from '../../jobs/queue/progress.ts';
import { readJobEnd } from '../../jobs/queue/wait-for-job.ts';
import { alreadyExists } from '../../operations/jobs/follow-creation.ts';
import { lastProgress } from '../../operations/jobs/follow-job.ts';
import { jobFailure, lostJob } from './job-failure.ts';
import type { JobWatch } from './job-watch.ts';
import type { CreationPlaces } from './submit-creation.ts';

/** How a creation stands, for whoever waits for its instance and not for the end of its job. */
export type CreationStand =
  | { readonly state: 'running' }
  /** In use, with or without its applications. @see `ARCHITECTURE.md` §3.3 */
  | { readonly state: 'made'; readonly incarnation: string | undefined }
  /** Somebody's was there already. */
  | { readonly state: 'exists' }
  | { readonly state: 'failed'; readonly error: FleetError }
  | { readonly state: 'gone' };

/** How a creation stands whose job is in Redis, or was. */
export async function creationStand(fleet: Fleet, jobId: string): Promise<CreationStand> {
  const end = await readJobEnd(fleet, jobId);
  switch (end.state) {
    case 'gone':
      return { state: 'gone' };
    case 'running':
      return standOf(end.progress) ?? { state: 'running' };
    case 'done':
      return end.outcome === 'exists' ? { state: 'exists' } : { state: 'made', incarnation: end.incarnation };
    case 'failed': {
      const made = standOf(await lastProgress(fleet, jobId));
      if (made !== undefined && end.code !== 'superseded') return made;
      return { state: 'failed', error: jobFailure(end) };
    }
  }
}

function standOf(progress: Progress): CreationStand | undefined {
  return hasFinished(progress) ? { state: 'made', incarnation: progress.incarnation } : undefined;
}

/** In use, and first files and each application were tried once: what cannot be had is not waited for. */
function isUsable(progress: Progress, { skeleton, apps }: InstanceOptions): boolean {
  if (!hasFinished(progress)) return false;
  const isTried = doneStages(progress).includes('skeleton') || progress.skeletonFailed === true;
  if (skeleton !== undefined && !isTried) return false;
  const tried = new Set(progress.apps?.map(({ app }) => app));
  return apps.every((app) => tried.has(app));
}

/**
 * Waits until an instance is in use, and its first files and each of its applications were tried once, as a stack answers then.
 * @returns the document as it is then
 * @throws the signal's reason; FleetError with the code of a job that failed, `exists`, `lost_job`, `superseded`
 */
export async function awaitCreation(
  { fleet, global }: CreationPlaces,
  watch: JobWatch,
  { jobId, options }: { readonly jobId: string; readonly options: InstanceOptions },
  signal: AbortSignal,
): Promise<StoredInstance> {
  const { domain } = options;
  for (;;) {
    await watch.until(jobId, (progress) => isUsable(progress, options), signal);
    const stand = await creationStand(fleet, jobId);
    switch (stand.state) {
      case 'made':
        return await readMade({ global }, domain, stand.incarnation);
      case 'exists':
        throw alreadyExists(`${domain} was there already`);
      case 'failed':
        throw stand.error;
      case 'gone':
        throw lostJob();
      case 'running':
        // An operator has had it tried again in this moment.
        continue;
    }
  }
}

/** The document of just that life of the domain. @throws FleetError `superseded` when there is none, or another one */
export async function readMade(
  { global }: Pick<CreationPlaces, 'global'>,
  domain: string,
  incarnation: string | undefined,
): Promise<StoredInstance> {
  const instance = await readInstance(global, reservationId(domain));
  if (instance !== undefined && isOfIncarnation(instance, incarnation)) return instance;
  throw new FleetError('superseded', `${domain} was made, and is gone or another instance by now`);
}
