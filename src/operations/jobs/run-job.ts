import { busy } from '../../jobs/claims/busy.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { enqueueJob, type JobRequest } from '../../jobs/queue/enqueue.ts';
import { type WaitOptions, withWaitLimit } from '../wait-limit.ts';
import { type FollowedJob, followJob } from './follow-job.ts';
import type { JobReporter } from './job-report.ts';
import { reportRowHolds } from './row-holds.ts';

/** How a caller waits for what it has queued. */
export interface RunOptions extends WaitOptions {
  /** Whether to leave once all is queued. */
  readonly async: boolean;
}

/** What became of a job that was queued and followed. */
export type JobResult = { readonly jobId: string } & ({ readonly state: 'queued' } | FollowedJob);

/**
 * Queues one job.
 * @returns id of the job that does the work, which may be an earlier one
 * @throws FleetError `busy` when other work holds the domain or an alias
 */
export async function submitJob(
  fleet: KeyedFleet,
  request: JobRequest,
  report: JobReporter,
): Promise<string> {
  const answer = await enqueueJob(fleet, request);
  switch (answer.state) {
    case 'queued':
      return answer.jobId;
    case 'joined':
      report({ event: 'joined', jobId: answer.jobId, kind: request.work.kind });
      await reportRowHolds(fleet, answer.jobId, report);
      return answer.jobId;
    case 'busy':
      throw busy(answer);
  }
}

/**
 * Queues one job and, unless `async`, follows it to its end.
 * @throws FleetError `busy`, `lost_job`, or with the job's own code when it failed
 */
export async function runJob(
  fleet: KeyedFleet,
  request: JobRequest,
  { async, ...wait }: RunOptions,
  report: JobReporter,
): Promise<JobResult> {
  return await withWaitLimit(wait, async (limit) => {
    const jobId = await submitJob(fleet, request, report);
    if (async) return { jobId, state: 'queued' };
    limit.startClock();
    return { jobId, ...(await followJob(fleet, jobId, limit, report)) };
  });
}
