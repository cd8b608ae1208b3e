import { FleetError } from '../errors.ts';
import { busy } from '../jobs/busy.ts';
import { enqueueJob, type JobRequest } from '../jobs/enqueue.ts';
import type { Fleet, KeyedFleet } from '../jobs/fleet.ts';
import { wordsOf } from '../jobs/kind-words.ts';
import type { JobKind, JobOutcome } from '../jobs/payload.ts';
import { type Progress, readProgress } from '../jobs/progress.ts';
import { type JobEnd, waitForJob } from '../jobs/wait.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';
import type { Patience } from './patience.ts';
import { appTeller } from './tell-apps.ts';
import { noteIdleWorkers } from './worker-notice.ts';

/** What a job is watched with. */
export interface JobWatching {
  readonly fleet: Fleet;
  readonly output: Output;
  /** Told how far it is, as long as it runs and at its end. */
  onProgress?(progress: Progress): void;
}

export interface WatchedJob {
  readonly kind: JobKind;
  readonly domain: string;
  readonly jobId: string;
}

/** How a job stands when it is watched no more. */
export type Watched =
  | { readonly state: 'running'; readonly exitCode: ExitCode }
  | { readonly state: 'done'; readonly outcome: JobOutcome; readonly incarnation: string | undefined };

/**
 * Queues one job.
 * @returns the job that does it, which may be an earlier one
 * @throws FleetError `busy` when other work holds the domain or an alias
 */
export async function submitOne(fleet: KeyedFleet, request: JobRequest, output: Output): Promise<string> {
  const answer = await enqueueJob(fleet, request);
  switch (answer.state) {
    case 'queued':
      return answer.jobId;
    case 'joined':
      output.note(`Job ${answer.jobId} is ${wordsOf(request.work.kind).doing} it already.`);
      return answer.jobId;
    case 'busy':
      throw busy(answer);
  }
}

/**
 * Waits for the end of a job, or until nobody waits any more.
 * @throws FleetError when it failed or is gone
 */
export async function watchJob(
  { fleet, output, onProgress }: JobWatching,
  { kind, jobId }: WatchedJob,
  patience: Patience,
): Promise<Watched> {
  await noteIdleWorkers(fleet, output);
  const tellApps = appTeller(output);
  const end = await waitForJob(fleet, jobId, {
    signal: patience.signal,
    onProgress(progress) {
      tellApps(progress);
      onProgress?.(progress);
    },
  });
  if (onProgress !== undefined) onProgress(await lastProgress(fleet, jobId));
  if (end.state === 'running') {
    output.note(`The ${wordsOf(kind).noun} goes on. Watch it: cozy-fleet jobs watch ${jobId}`);
    return {
      state: 'running',
      exitCode: patience.gaveUp === 'interrupted' ? EXIT.interrupted : EXIT.stillRunning,
    };
  }
  return goodEnd(end, jobId);
}

/** The last stages may have ended between two looks. */
export async function lastProgress({ queue }: Fleet, jobId: string): Promise<Progress> {
  return readProgress((await queue.getJob(jobId))?.progress);
}

function goodEnd(
  end: Exclude<JobEnd, { state: 'running' }>,
  jobId: string,
): Extract<JobEnd, { state: 'done' }> {
  switch (end.state) {
    case 'done':
      return end;
    case 'failed':
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

/** How a job of any kind but a creation ended, in a sentence. */
export function outcomeText(kind: Exclude<JobKind, 'create'>, outcome: JobOutcome, domain: string): string {
  switch (kind) {
    case 'destroy':
      return outcome === 'missing'
        ? `There is no instance for domain ${domain}`
        : `Instance for domain ${domain} has been destroyed with success`;
    case 'modify':
      return outcome === 'unchanged' ? `${domain} was so already` : `${domain} has been modified`;
    case 'repair':
      return outcome === 'clean' ? `Nothing had to be repaired for ${domain}` : `${domain} has been repaired`;
    case 'install-apps':
      return outcome === 'present'
        ? `The applications of ${domain} were installed already`
        : `The applications have been installed on ${domain}`;
    default:
      return kind satisfies never;
  }
}
