import type { Config } from '../../config/config.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import {
  type JobAction,
  type JobCount,
  type PreparedJobs,
  prepareJobs,
  type RefusedJob,
} from '../../operations/jobs/act-on-jobs.ts';
import type { JobFacts } from '../../operations/jobs/job-facts.ts';
import type { JobFilter } from '../../operations/jobs/job-filter.ts';
import { count } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';
import { currentAuthor } from '../terminal/actor.ts';
import { askForYes } from '../terminal/confirm.ts';
import type { CommandResult } from '../terminal/exit-codes.ts';
import type { Output } from '../terminal/output.ts';
import { rowsText } from '../terminal/table.ts';
import { JOB_HEAD, jobCells } from './job-texts.ts';

/** Where jobs are acted on, and who is asked. */
export interface JobsCommand {
  readonly config: Config;
  readonly stdin: NodeJS.ReadableStream;
  readonly output: Output;
  /** Whether `--json` was given. */
  readonly json: boolean;
  /** Whether a person looks at a terminal. */
  readonly live: boolean;
}

export interface ActOptions {
  readonly force: boolean;
  readonly dryRun: boolean;
  /** Why, for the record; may be absent. */
  readonly reason: string | undefined;
}

/** What a command answers with `--json` that acts on jobs which a filter selects. */
export interface ActedOn {
  readonly total: number;
  readonly counts: readonly JobCount[];
  /** The first of them; only with `--dry-run`. */
  readonly jobs?: readonly JobFacts[];
  /** Queued again, or asked to stop. */
  readonly done: number;
  readonly refused: readonly RefusedJob[];
}

const WORDS: Readonly<Record<JobAction, { readonly question: string; readonly done: string }>> = {
  retry: { question: 'Try', done: 'queued again' },
  cancel: { question: 'Stop', done: 'stop at their next safe point' },
};

/** Counts the jobs that are meant, asks, and acts on them. @throws FleetError `aborted`; InputError `unknown_batch` */
export async function actOnFilter(
  fleet: Fleet,
  action: JobAction,
  filter: JobFilter,
  options: ActOptions,
  command: JobsCommand,
): Promise<CommandResult<ActedOn>> {
  const { output, json } = command;
  const prepared = await prepareJobs(fleet, action, filter, Date.now());
  const { total, counts } = prepared;
  if (total === 0) {
    output.line(`No job is meant that could be ${action === 'retry' ? 'tried again' : 'stopped'}.`);
    return { answer: { total, counts, done: 0, refused: [] }, outcome: 'done' };
  }
  const lines = counts.map(({ kind, state, jobs }) => `${count(jobs)} ${kind} ${state}`);
  if (options.dryRun) {
    printSome(prepared, lines, command);
    return { answer: { total, counts, jobs: prepared.some, done: 0, refused: [] }, outcome: 'somethingToDo' };
  }
  if (!options.force) {
    const again = action === 'retry' ? ' again' : '';
    const question = `${WORDS[action].question} ${count(total)} job${total === 1 ? '' : 's'}${again}?`;
    await askForYes(command, total, [...lines, question]);
  }
  const refused: RefusedJob[] = [];
  const acted = await prepared.run(currentAuthor(options.reason), (job) => {
    if (json) refused.push(job);
    output.note(`${oneLine(job.domain)}: job ${oneLine(job.jobId)}: ${oneLine(job.message)}`);
  });
  const others = acted.refused === 0 ? '' : `, ${count(acted.refused)} refused`;
  output.line(`${count(acted.done)} ${WORDS[action].done}${others}`);
  const outcome = acted.refused === 0 ? 'done' : acted.done === 0 ? 'failed' : 'partlyFailed';
  return { answer: { total, counts, done: acted.done, refused }, outcome };
}

function printSome(
  { total, some }: PreparedJobs,
  lines: readonly string[],
  { output, live }: JobsCommand,
): void {
  for (const line of lines) output.line(line);
  for (const line of rowsText(JOB_HEAD, some.map(jobCells), live)) output.line(line);
  if (total > some.length) output.line(`and ${count(total - some.length)} more`);
}
