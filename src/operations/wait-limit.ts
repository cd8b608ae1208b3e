/** Why a caller stopped waiting before the work was done. The work goes on. */
export type WaitEnd = 'interrupt' | 'timeout';

/** How long an operation waits for work that goes on without it. */
export interface WaitLimit {
  /** Aborted when the waiting is to end. */
  readonly signal: AbortSignal;
  /** Undefined as long as the waiting goes on. */
  readonly endedBy: WaitEnd | undefined;
  /** Starts the clock: the time that queueing takes does not count. */
  startClock(): void;
}

/** What a caller gives to whatever waits. */
export interface WaitOptions {
  /** Aborted when the caller does not want to wait any more. */
  readonly signal: AbortSignal;
  /** Longest time to wait, in milliseconds; undefined = without limit. */
  readonly waitMs: number | undefined;
}

/** Waits within a limit; whatever becomes of `work`, no timer is left behind. */
export async function withWaitLimit<T>(
  { signal, waitMs }: WaitOptions,
  work: (limit: WaitLimit) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let endedBy: WaitEnd | undefined;
  let timer: NodeJS.Timeout | undefined;

  const end = (reason: WaitEnd): void => {
    endedBy ??= reason;
    clearTimeout(timer);
    controller.abort();
  };
  const interrupt = (): void => end('interrupt');
  if (signal.aborted) interrupt();
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    return await work({
      signal: controller.signal,
      get endedBy() {
        return endedBy;
      },
      startClock() {
        if (waitMs !== undefined && endedBy === undefined) timer = setTimeout(() => end('timeout'), waitMs);
      },
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', interrupt);
  }
}
