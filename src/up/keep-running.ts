import { setTimeout as sleep } from 'node:timers/promises';
import { toError } from '../errors.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Who ran for so long is well; the next pause is short again. */
const WELL_AFTER_MS = 60_000;

export interface Running {
  readonly pid: number;
  /** Fulfilled when the process has ended, for whatever reason. */
  readonly exited: Promise<void>;
  close(): Promise<void>;
}

export interface KeepOptions<T extends Running> {
  /** For what is said about it. */
  readonly name: string;
  /** When the signal is aborted, it may give up. */
  start(signal: AbortSignal): Promise<T>;
  say(text: string): void;
  /** When aborted, nothing is started again. */
  readonly signal: AbortSignal;
}

export interface KeptServer<T extends Running> {
  /** The one that runs, or the last one that did. */
  readonly current: T;
  stop(): Promise<void>;
}

/**
 * Starts a process, and starts it again whenever it ends, after a pause that doubles each time.
 * @throws what the first start throws; later failures are said and tried again
 */
export async function keepRunning<T extends Running>(options: KeepOptions<T>): Promise<KeptServer<T>> {
  const { name, start, say } = options;
  const stopping = new AbortController();
  const signal = AbortSignal.any([options.signal, stopping.signal]);
  let current = await start(signal);

  async function watch(): Promise<void> {
    let ended = 0;
    for (;;) {
      const since = performance.now();
      await current.exited;
      if (signal.aborted) return;
      ended = performance.now() - since > WELL_AFTER_MS ? 0 : ended;
      say(`${name} ended unexpectedly (process ${current.pid})`);
      for (;;) {
        const pause = Math.min(FIRST_PAUSE_MS * 2 ** ended, LONGEST_PAUSE_MS);
        ended += 1;
        await sleep(pause, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        if (await startAgain()) break;
      }
    }
  }

  async function startAgain(): Promise<boolean> {
    try {
      current = await start(signal);
    } catch (error) {
      say(`${name} could not be started again: ${toError(error).message}`);
      return false;
    }
    if (signal.aborted) await current.close();
    else say(`${name} runs again (process ${current.pid})`);
    return true;
  }

  const watching = watch();
  return {
    get current() {
      return current;
    },
    async stop() {
      stopping.abort();
      await current.close();
      await watching;
    },
  };
}
