/** Ends what waits for a CouchDB that does not answer anything. */
export interface SilenceWatch {
  /**
   * Does work that asks CouchDB. Once it takes long, CouchDB is asked whether it is there, once for all that waits; where
   * it is not, all of that fails, and what comes later fails as soon as CouchDB was asked again.
   * @param failure what is thrown then; the work's signal is aborted with it
   */
  run<T>(
    work: (signal: AbortSignal) => Promise<T>,
    failure: () => Error,
    signal: AbortSignal | undefined,
  ): Promise<T>;
}

export interface SilenceWatchOptions {
  /** Asks CouchDB whether it is there, and waits for seconds only. */
  isSilent(): Promise<boolean>;
  /** Milliseconds of work after which it is asked. */
  readonly slowMs?: number;
}

/** Most requests are answered within a tenth of that. */
const SLOW_MS = 2_000;

interface Waiting {
  readonly since: number;
  giveUp(): void;
}

export function createSilenceWatch({ isSilent, slowMs = SLOW_MS }: SilenceWatchOptions): SilenceWatch {
  /** In the order in which they came. */
  const waiting = new Set<Waiting>();
  let asking: Promise<boolean> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let wasSilent = false;

  async function ask(): Promise<boolean> {
    asking ??= isSilent().finally(() => {
      asking = undefined;
    });
    wasSilent = await asking.catch(() => false);
    return wasSilent;
  }

  async function look(): Promise<void> {
    const [oldest] = waiting;
    const isSlow = oldest !== undefined && performance.now() - oldest.since >= slowMs;
    const isAway = isSlow && (await ask());
    timer = undefined;
    if (isAway) for (const each of [...waiting]) each.giveUp();
    lookLater(isSlow ? slowMs : (oldest?.since ?? 0) + slowMs - performance.now());
  }

  function lookLater(ms: number): void {
    if (timer !== undefined || waiting.size === 0) return;
    timer = setTimeout(() => void look(), Math.max(ms, 0));
  }

  return {
    async run(work, failure, signal) {
      if (wasSilent && (await ask())) throw failure();
      signal?.throwIfAborted();
      const over = new AbortController();
      const ends = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
      return await new Promise((resolve, reject) => {
        const mine: Waiting = {
          since: performance.now(),
          giveUp() {
            const reason = failure();
            over.abort(reason);
            reject(reason);
          },
        };
        waiting.add(mine);
        lookLater(slowMs);
        work(ends)
          .finally(() => {
            waiting.delete(mine);
            if (waiting.size > 0) return;
            clearTimeout(timer);
            timer = undefined;
          })
          .then(resolve, reject);
      });
    },
  };
}
