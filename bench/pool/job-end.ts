import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from '../../src/jobs/fleet/fleet.ts';

/** How often a job is looked at; when it began and ended is read from the job itself. */
const POLL_MS = 20;

/** When a job was queued, begun and ended: milliseconds since 1970, by the clock of this machine. */
export interface JobTimes {
  readonly queued: number;
  readonly begun: number;
  readonly ended: number;
}

/** Waits for the end of a job. @throws when it failed, or is gone */
export async function endOf(fleet: Fleet, jobId: string, signal: AbortSignal): Promise<JobTimes> {
  for (;;) {
    const job = await fleet.queue.getJob(jobId);
    if (job === undefined) throw new Error(`job ${jobId} is gone`);
    if (job.finishedOn !== undefined && job.processedOn !== undefined) {
      if (job.failedReason) throw new Error(`job ${jobId} failed: ${job.failedReason}`);
      return { queued: job.timestamp, begun: job.processedOn, ended: job.finishedOn };
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
