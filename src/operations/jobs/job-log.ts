import { setTimeout as sleep } from 'node:timers/promises';
import { FleetError } from '../../errors.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type JobLine, rawJobLines, readJobLine } from '../../jobs/queue/job-lines.ts';
import { lookAtJobs } from '../../jobs/queue/look-at-jobs.ts';

/** Milliseconds between two looks at a job whose log is followed. */
const LOOK_MS = 300;

/** A line of a job's log, as far as it can be read. */
export type LoggedLine = JobLine | 'unreadable';

/** What is kept of a job's log by now, oldest first. */
export async function readJobLog(fleet: Pick<Fleet, 'redis' | 'keys'>, jobId: string): Promise<LoggedLine[]> {
  return (await rawJobLines(fleet, jobId)).map(lineOf);
}

/**
 * The lines of a job as they come, those that are there first, until the job has ended or the signal is aborted. Nothing is
 * missed for want of a message: the log is looked at again and again.
 * @throws FleetError `lost_job` when Redis has lost the job meanwhile
 */
export async function* followJobLog(
  fleet: Pick<Fleet, 'redis' | 'keys'>,
  jobId: string,
  signal: AbortSignal,
): AsyncGenerator<LoggedLine> {
  let before: readonly string[] = [];
  for (;;) {
    // The state first: what was written before the end is read after it.
    const [look] = await lookAtJobs(fleet, [jobId]);
    const now = await rawJobLines(fleet, jobId);
    for (const raw of linesAfter(before, now)) yield lineOf(raw);
    before = now;
    if (look?.state === 'gone') {
      throw new FleetError(
        'lost_job',
        `job ${jobId} is gone from Redis`,
        'Run the same command again: it goes on where the work stopped.',
      );
    }
    if (look?.state !== 'running' || signal.aborted) return;
    // An abort is seen after one last look.
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** What is new of a list to which lines are added at the end, and of which the oldest go. */
export function linesAfter(before: readonly string[], now: readonly string[]): readonly string[] {
  for (let gone = 0; gone < before.length; gone += 1) {
    const kept = before.length - gone;
    if (kept > now.length) continue;
    if (before.slice(gone).every((line, at) => line === now[at])) return now.slice(kept);
  }
  return now;
}

function lineOf(raw: string): LoggedLine {
  return readJobLine(raw) ?? 'unreadable';
}
