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

/** Listens for Ctrl-C; a second one ends the process at once, for then nobody listens any more. */
export function startPatience(): Patience {
  const controller = new AbortController();
  let gaveUp: GivingUp | undefined;
  let timer: NodeJS.Timeout | undefined;

  const giveUp = (why: GivingUp) => {
    gaveUp ??= why;
    stop();
    controller.abort();
  };
  const interrupt = () => giveUp('interrupted');
  const stop = () => {
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
    stop,
  };
}
