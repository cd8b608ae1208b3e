/** Exit codes of every command (`ARCHITECTURE.md` §6.1). */
export const EXIT = {
  done: 0,
  failed: 1,
  /** Wrong usage or bad input; nothing was changed. */
  usage: 2,
  partlyFailed: 68,
  /** `--wait` ran out; the work goes on. */
  stillRunning: 69,
  /** Ctrl-C; the work goes on. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What the exit codes of a command mean: each has to be thought of, also those it cannot end with. */
type ExitMeanings = Readonly<Record<Exclude<keyof typeof EXIT, 'usage'>, string>>;

/** The sentence of a command's help that lists its exit codes. */
function exitCodesText({ done, failed, partlyFailed, stillRunning, interrupted }: ExitMeanings): string {
  const parts = [
    `${EXIT.done} ${done}`,
    `${EXIT.failed} ${failed}`,
    `${EXIT.usage} wrong usage or bad input`,
    `${EXIT.partlyFailed} ${partlyFailed}`,
    `${EXIT.stillRunning} ${stillRunning}`,
    `${EXIT.interrupted} ${interrupted}`,
  ];
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
  partlyFailed: 'created without all of its applications',
  ...NO_MORE_WAITING,
});

/** Of a command that follows a batch. */
export const BATCH_EXIT_CODES = exitCodesText({
  done: 'all done',
  failed: 'all failed',
  partlyFailed: 'some failed',
  ...NO_MORE_WAITING,
});
