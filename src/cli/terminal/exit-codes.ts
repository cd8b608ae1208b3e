import type { Batch } from '../../jobs/batches/batches.ts';
import { batchState } from '../../operations/batches/batch-state.ts';
import type { FollowedBatch } from '../../operations/batches/run-batch.ts';
import type { CreationResult } from '../../operations/jobs/follow-creation.ts';
import type { FollowedJob } from '../../operations/jobs/follow-job.ts';
import type { WaitEnd } from '../../operations/wait-limit.ts';

/** Every way in which a command can end, and its exit code (`ARCHITECTURE.md` §6.1). */
export const EXIT = {
  done: 0,
  failed: 1,
  /** Wrong usage or bad input; nothing was changed. */
  usage: 2,
  /** A look ahead has found something to do; nothing was changed. */
  somethingToDo: 10,
  partlyFailed: 68,
  /** `--wait` ran out; the work goes on. */
  stillRunning: 69,
  /** Ctrl-C; the work goes on. */
  interrupted: 130,
} as const;

/** How a command ended. */
export type Outcome = keyof typeof EXIT;

function isOutcome(text: string): text is Outcome {
  return Object.hasOwn(EXIT, text);
}

export type ExitCode = (typeof EXIT)[Outcome];

/** What a command answers with `--json`, and how it ended. */
export interface CommandResult<Answer> {
  readonly answer: Answer;
  readonly outcome: Outcome;
}

/** How a command ends that does not wait any more for work which goes on. */
function outcomeOfWait(endedBy: WaitEnd | undefined): Outcome {
  return endedBy === 'interrupt' ? 'interrupted' : 'stillRunning';
}

/** How a command ends that made one instance. */
export function outcomeOfCreation(result: CreationResult): Outcome {
  switch (result.outcome) {
    case 'queued':
    case 'exists':
    case 'created':
      return 'done';
    case 'running':
      return outcomeOfWait(result.endedBy);
    case 'incomplete':
      return 'partlyFailed';
  }
}

/** How a command ends that worked on one instance; one that failed has thrown. */
export function outcomeOfJob(result: FollowedJob | { readonly state: 'queued' }): Outcome {
  return result.state === 'running' ? outcomeOfWait(result.endedBy) : 'done';
}

/** How a command ends that followed a batch. */
export function outcomeOfBatch({ batch, endedBy }: Pick<FollowedBatch, 'batch' | 'endedBy'>): Outcome {
  const state = batchState(batch);
  switch (state) {
    case 'running':
    case 'held':
      return endedBy === 'canary' ? outcomeOfCanary(batch) : outcomeOfWait(endedBy);
    case 'done':
      return 'done';
    case 'partly failed':
      return 'partlyFailed';
    case 'failed':
      return 'failed';
    default:
      return state satisfies never;
  }
}

/** One that went well is not the end: whoever waits for that must not take it for one. */
function outcomeOfCanary({ counts }: Batch): Outcome {
  return counts.failed + counts.incomplete + counts.cancelled === 0 ? 'stillRunning' : 'partlyFailed';
}

/** What the outcomes of a command mean: each has to be thought of, also those it cannot end with. */
type OutcomeTexts = Readonly<Record<Exclude<Outcome, 'usage' | 'somethingToDo'>, string>>;

/** The sentence of a command's help that lists its exit codes. */
function exitCodesText(texts: OutcomeTexts): string {
  const all: Readonly<Partial<Record<Outcome, string>>> = { ...texts, usage: 'wrong usage or bad input' };
  const parts = Object.keys(EXIT)
    .filter(isOutcome)
    .flatMap((outcome) => (all[outcome] === undefined ? [] : [`${EXIT[outcome]} ${all[outcome]}`]));
  return `Exit code: ${parts.join(', ')}.`;
}

const NO_MORE_WAITING = {
  stillRunning: 'still running when --wait ran out',
  interrupted: 'interrupted while it goes on',
} as const;

/** Of a command that follows a job. */
export const JOB_EXIT_CODES = exitCodesText({
  done: 'done',
  failed: 'failed',
  partlyFailed: 'created without all of its applications or first files',
  ...NO_MORE_WAITING,
});

/** Of a command that follows a batch. */
export const BATCH_EXIT_CODES = exitCodesText({
  done: 'all done',
  failed: 'all failed',
  partlyFailed: 'some failed, be it of a canary',
  ...NO_MORE_WAITING,
  stillRunning: 'still running when --wait ran out, or a canary went well and the others wait',
});
