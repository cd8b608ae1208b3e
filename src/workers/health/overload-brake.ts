/** How long a worker goes slower after a server had too much to do, in milliseconds. */
const STEP_MS = 30_000;

/** Halves how many jobs run at a time after an overload, and gives one back at a time (`ARCHITECTURE.md` §4.1). */
export interface OverloadBrake {
  /** A server had too much to do. */
  slowDown(): void;
  stop(): void;
}

export interface BrakeOptions {
  /** Jobs at a time when all is well. */
  readonly full: number;
  setConcurrency(concurrency: number): void;
  /** Milliseconds between two steps back to full speed. */
  readonly stepMs?: number;
}

export function createOverloadBrake({ full, setConcurrency, stepMs = STEP_MS }: BrakeOptions): OverloadBrake {
  let current = full;
  let timer: NodeJS.Timeout | undefined;

  function step(): void {
    current = Math.min(full, current + 1);
    setConcurrency(current);
    if (current === full) stop();
  }
  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }
  return {
    slowDown() {
      // Many jobs meet the same overload: one halving until the next step is enough.
      if (timer !== undefined) return;
      current = Math.max(1, Math.floor(current / 2));
      setConcurrency(current);
      timer = setInterval(step, stepMs);
    },
    stop,
  };
}
