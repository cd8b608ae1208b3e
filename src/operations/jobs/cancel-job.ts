import { FleetError } from '../../errors.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { FleetJob } from '../../jobs/fleet/open-queue.ts';
import { promoteParked } from '../../jobs/gate/gate.ts';
import { type Author, authorText } from '../../jobs/kinds/author.ts';
import { requestCancel } from '../../jobs/queue/cancellations.ts';
import { noteAsked } from '../../jobs/queue/instance-history.ts';
import { jobFacts, jobState } from './job-facts.ts';

/** A job that was asked to stop. */
export interface CancelledJob {
  readonly jobId: string;
  readonly domain: string;
  /** What it has done so far, which stays. */
  readonly stagesDone: readonly string[];
}

/**
 * Stops a job at its next safe point.
 * @param author who wants it and why, for the record
 * @throws FleetError `ended`
 */
export async function cancelJob(fleet: Fleet, job: FleetJob, author: Author): Promise<CancelledJob> {
  const { jobId, state, domain, stages } = jobFacts(job, await jobState(job));
  if (state === 'done' || state === 'failed') {
    throw new FleetError('ended', `job ${jobId} has ended: it is ${state}`);
  }
  await askToStop(fleet, { jobId, domain }, author);
  return {
    jobId,
    domain,
    stagesDone: stages.filter((each) => each.state === 'done').map(({ stage }) => stage),
  };
}

/** Asks a job to stop, wherever it is by now, and keeps who wanted it. */
export async function askToStop(
  fleet: Fleet,
  { jobId, domain }: Pick<CancelledJob, 'jobId' | 'domain'>,
  author: Author,
): Promise<void> {
  await requestCancel(fleet.redis, fleet.keys, jobId, authorText(author));
  // A row that waits at the gate would hear of it only once it is let through.
  await promoteParked(fleet, jobId);
  if (domain !== '') await noteAsked(fleet, domain, { what: 'cancel', jobId, author });
}
