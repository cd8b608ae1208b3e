/** Exit codes of every command (design §6). */
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
