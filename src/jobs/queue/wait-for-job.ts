import type { Fleet } from '../fleet/fleet.ts';
import type { JobOutcome } from '../kinds/job-kinds.ts';
import { isEnded, parsePayload } from '../kinds/payload.ts';
import { type BellOptions, createBell } from '../redis/bell.ts';
import { type FailureReason, readFailureText } from './ending.ts';
import { type ArchiveNote, type Progress, readProgress } from './progress.ts';

/** How a job ended, or that it has not yet. */
export type JobEnd =
  | {
      readonly state: 'done';
      readonly outcome: JobOutcome;
      readonly incarnation: string | undefined;
      /** Where it has made or found an archive. */
      readonly archive?: ArchiveNote;
    }
  | ({ readonly state: 'failed' } & FailureReason)
  /** It is not in Redis any more. */
  | { readonly state: 'gone' }
  | { readonly state: 'running'; readonly progress: Progress };

/** A person should not notice how often a job is looked at. */
const PACE: BellOptions = { deafMs: 100, quietMs: 1_000, restMs: 20 };

export async function readJobEnd({ queue }: Pick<Fleet, 'queue'>, jobId: string): Promise<JobEnd> {
  // The state first: a job that was read before it ended does not have its end in it.
  const state = await queue.getJobState(jobId);
  const job = await queue.getJob(jobId);
  if (job === undefined) return { state: 'gone' };
  const progress = readProgress(job.progress);
  if (state === 'completed') {
    const payload = parsePayload(job.data);
    // The worker shrinks the payload before it reports the end.
    if (!isEnded(payload)) throw new Error(`job ${jobId} is done and says no outcome`);
    const { outcome } = payload;
    const { incarnation, archive } = progress;
    return { state: 'done', outcome, incarnation, ...(archive && { archive }) };
  }
  if (state === 'failed') return { state: 'failed', ...readFailureText(job.failedReason) };
  return { state: 'running', progress };
}

export interface WaitOptions {
  /** Ends the waiting when it is aborted; the job goes on. */
  readonly signal: AbortSignal;
  onProgress?(progress: Progress): void;
}

/**
 * Waits until a job has ended; answers `running` when the signal comes first. Its worker tells when it is time to look
 * (`docs/bullmq.md` §11).
 */
export async function waitForJob(
  fleet: Pick<Fleet, 'queue' | 'redis' | 'keys'>,
  jobId: string,
  options: WaitOptions,
): Promise<JobEnd> {
  const bell = createBell(fleet.redis, fleet.keys.jobChannel(jobId), PACE);
  try {
    for (;;) {
      const { aborted } = options.signal;
      const end = await readJobEnd(fleet, jobId);
      if (end.state !== 'running' || aborted) return end;
      options.onProgress?.(end.progress);
      await bell.rung(options.signal);
    }
  } finally {
    bell.close();
  }
}
