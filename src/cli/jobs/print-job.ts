import { JOB_KINDS, type JobKind, type JobOutcome } from '../../jobs/kinds/job-kinds.ts';
import type { ArchiveNote, Progress } from '../../jobs/queue/progress.ts';
import type { CreationReporter } from '../../operations/jobs/job-report.ts';
import type { JobResult } from '../../operations/jobs/run-job.ts';
import { oneLine } from '../../safe-text.ts';
import { type CommandResult, outcomeOfJob } from '../terminal/exit-codes.ts';
import { holdLines } from '../terminal/hold-lines.ts';
import type { Output } from '../terminal/output.ts';
import { noteWorkers } from '../terminal/worker-notice.ts';
import { createAppReporter } from './app-reporter.ts';
import { archiveText } from './archive-text.ts';

/** What a command answers with `--json` that works on one instance. */
export interface SingleResult {
  readonly domain: string;
  /** `queued` and `running`: the work goes on without us. */
  readonly outcome: JobOutcome | 'queued' | 'running';
  readonly jobId: string;
  /** Of an instance that was exported, also where it was destroyed then. */
  readonly archive?: ArchiveNote;
}

/**
 * Tells an operator what is reported of a job.
 * @param onProgress told how far it is, as long as it runs and at its end
 */
export function jobPrinter(output: Output, onProgress?: (progress: Progress) => void): CreationReporter {
  const reportApps = createAppReporter(output);
  const reportWait = createWaitReporter(output);
  return (report) => {
    switch (report.event) {
      case 'joined':
        output.note(`Job ${report.jobId} is ${JOB_KINDS[report.kind].words.doing} it already.`);
        return;
      case 'held':
        output.note(`It is row ${report.row} of batch ${report.batchId}, and waits with it.`);
        for (const line of holdLines(report.holds, report.batchId)) output.note(line);
        return;
      case 'workers':
        noteWorkers(report.workers, output);
        return;
      case 'created':
        if (report.problem !== undefined) output.note(report.problem);
        output.line(`Instance created with success for domain ${report.domain}`);
        return;
      case 'progress':
        // Once it has ended, its end says what is missing.
        if (!report.ended) {
          reportApps(report.progress);
          reportWait(report.progress);
        }
        onProgress?.(report.progress);
        return;
      default:
        report satisfies never;
    }
  };
}

/**
 * Says what a job waits for that its worker has not: each thing once for each host, for the message may name a size that is
 * another one with each try.
 */
function createWaitReporter({ note }: Pick<Output, 'note'>): (progress: Progress) => void {
  const told = new Set<string>();
  return ({ failedTry }) => {
    if (failedTry?.waitsOn === undefined) return;
    const { waitsOn, code, message, advice } = failedTry;
    const key = JSON.stringify([code, waitsOn]);
    if (told.has(key)) return;
    told.add(key);
    note(oneLine(`It waits, with the worker on ${waitsOn}: ${message}.`));
    for (const line of advice.split('\n').map(oneLine)) {
      if (line === '' || told.has(line)) continue;
      told.add(line);
      note(line);
    }
  };
}

/** Says how a job of any kind but a creation stands. */
export function printJob(
  kind: Exclude<JobKind, 'create'>,
  domain: string,
  result: JobResult,
  output: Output,
): CommandResult<SingleResult> {
  const { jobId } = result;
  const outcome = outcomeOfJob(result);
  switch (result.state) {
    case 'queued':
      output.line(queuedText(jobId));
      return { answer: { domain, outcome: 'queued', jobId }, outcome };
    case 'running':
      output.note(goesOnText(kind, jobId));
      return { answer: { domain, outcome: 'running', jobId }, outcome };
    case 'done':
      output.line(outcomeText(kind, result.outcome, domain));
      if (result.archive === undefined)
        return { answer: { domain, outcome: result.outcome, jobId }, outcome };
      output.line(`Its archive: ${archiveText(result.archive)}`);
      return { answer: { domain, outcome: result.outcome, jobId, archive: result.archive }, outcome };
  }
}

export function queuedText(jobId: string): string {
  return `Queued as job ${jobId}. Watch it: cozy-fleet jobs watch ${jobId}`;
}

export function goesOnText(kind: JobKind, jobId: string): string {
  return `The ${JOB_KINDS[kind].words.noun} goes on. Watch it: cozy-fleet jobs watch ${jobId}`;
}

/** How a job ended, in a sentence. */
function outcomeText(kind: JobKind, outcome: JobOutcome, domain: string): string {
  const { outcomes, words } = JOB_KINDS[kind];
  return outcome === outcomes.skipped ? words.endings.skipped(domain) : words.endings.done(domain);
}
