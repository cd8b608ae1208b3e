import type { FleetJob, FleetQueue } from '../../jobs/fleet/open-queue.ts';
import { domainOf } from '../../jobs/kinds/payload.ts';
import { keepJobLine } from '../../jobs/queue/job-lines.ts';
import { runningStage } from '../../jobs/queue/progress.ts';
import type { Log, LogFields, LogLevel, LogLine } from '../../logger.ts';
import type { Execution, JobRecorder } from './job-recorder.ts';

/** Other levels cost a job nothing where the worker's own log leaves them out. */
const KEPT: readonly LogLevel[] = ['error', 'warn', 'info'];

/**
 * The log of one execution of a job: each line names the job, its batch and its stage, and lines from `info` on are kept
 * beside the job in Redis, whatever the worker's own log leaves out. A line of one of several stages that run side by side
 * names its stage itself, for nothing else tells which of them has written it.
 */
export function openJobLog(
  { log, queue }: { readonly log: Log; readonly queue: FleetQueue },
  { payload }: Execution,
  recorder: Pick<JobRecorder, 'id' | 'progress'>,
): Log {
  const { kind, batch } = payload;
  const { id: job } = recorder;
  const about: LogFields = { job, domain: domainOf(payload), batch: batch?.id, row: batch?.row, kind };
  const context = (): LogFields => {
    const stage = runningStage(recorder.progress);
    return stage === undefined ? about : { ...about, stage };
  };
  // Nobody waits for it: a job is not the worse for a line that was lost with Redis.
  const keep = (line: LogLine): void => void keepJobLine(queue, job, line).catch(() => undefined);
  return log.child(context, keep, KEPT);
}

/** A job that comes back, from another worker or a pause, says so in what is kept of it; the first time says nothing. */
export function logTaken(log: Log, { attemptsStarted }: Pick<FleetJob, 'attemptsStarted'>): void {
  if (attemptsStarted <= 1) log.debug('job taken up');
  else log.info('job taken up again');
}
