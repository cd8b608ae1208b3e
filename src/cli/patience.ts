import { EXIT, type ExitCode } from './exit-codes.ts';

/** Why somebody stopped waiting before the work was done. */
export type GivingUp = 'interrupted' | 'out-of-time';

/** How long a command waits for work that goes on without it. */
export interface Patience {
  /** Aborted when the waiting is to end. */
  readonly signal: AbortSignal;
  /** Undefined as long as the waiting goes on. */
  readonly gaveUp: GivingUp | undefined;
  /** Starts the clock of `--wait`. @param ms undefined = without limit */
  startClock(ms: number | undefined): void;
  /** Gives the signals back to the process. */
  stop(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Milliseconds that a command may take to end in good order: a server that says nothing must not hold it up. */
const GRACE_MS = 1_500;

/**
 * Listens for Ctrl-C and SIGTERM; a second one ends the process at once, for then nobody listens any more. So does the
 * first one where the command is not done a moment later, whatever it waits for.
 * @param leave ends the process
 */
export function startPatience(leave: (code: ExitCode) => void = (code) => process.exit(code)): Patience {
  const controller = new AbortController();
  let gaveUp: GivingUp | undefined;
  let timer: NodeJS.Timeout | undefined;
  let grace: NodeJS.Timeout | undefined;

  const giveUp = (why: GivingUp) => {
    gaveUp ??= why;
    listenNoMore();
    controller.abort();
  };
  const interrupt = () => {
    grace = setTimeout(() => leave(EXIT.interrupted), GRACE_MS).unref();
    giveUp('interrupted');
  };
  const listenNoMore = () => {
    clearTimeout(timer);
    for (const name of SIGNALS) process.off(name, interrupt);
  };
  for (const name of SIGNALS) process.on(name, interrupt);

  return {
    signal: controller.signal,
    get gaveUp() {
      return gaveUp;
    },
    startClock(ms) {
      if (ms !== undefined && gaveUp === undefined) timer = setTimeout(() => giveUp('out-of-time'), ms);
    },
    stop() {
      listenNoMore();
      clearTimeout(grace);
    },
  };
}
