import { FleetError } from '../../errors.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { knownFailure } from '../../jobs/queue/ending.ts';
import { type Progress, readProgress } from '../../jobs/queue/progress.ts';
import { type JobEnd, waitForJob } from '../../jobs/queue/wait-for-job.ts';
import type { WaitEnd, WaitLimit } from '../wait-limit.ts';
import { type JobReporter, reportWorkers } from './job-report.ts';

/** How a job stands when it is followed no more. */
export type FollowedJob =
  /** It goes on without the caller. */
  { readonly state: 'running'; readonly endedBy: WaitEnd } | Extract<JobEnd, { state: 'done' }>;

/**
 * Waits for the end of a job, or until the limit.
 * @throws FleetError with the job's own code when it failed, `lost_job` when Redis has lost it
 */
export async function followJob(
  fleet: Fleet,
  jobId: string,
  limit: WaitLimit,
  report: JobReporter,
): Promise<FollowedJob> {
  await reportWorkers(fleet, report);
  const end = await waitForJob(fleet, jobId, {
    signal: limit.signal,
    onProgress: (progress) => report({ event: 'progress', progress, ended: false }),
  });
  // The last stages may have ended between two looks. How the job ended is known, with or without them.
  const progress = await lastProgress(fleet, jobId).catch(() => undefined);
  if (progress !== undefined) report({ event: 'progress', progress, ended: true });
  return followed(end, jobId, limit);
}

/** What a job has recorded of itself by now. */
export async function lastProgress({ queue }: Fleet, jobId: string): Promise<Progress> {
  return readProgress((await queue.getJob(jobId))?.progress);
}

function followed(end: JobEnd, jobId: string, { endedBy = 'interrupt' }: WaitLimit): FollowedJob {
  switch (end.state) {
    case 'running':
      return { state: 'running', endedBy };
    case 'done':
      return end;
    case 'failed': {
      const { code, message, advice } = knownFailure(end);
      throw new FleetError(code, message, advice || `See its stages: cozy-fleet jobs show ${jobId}`);
    }
    case 'gone':
      throw new FleetError(
        'lost_job',
        `job ${jobId} is gone from Redis`,
        'Run the same command again: it goes on where the work stopped.',
      );
  }
}
