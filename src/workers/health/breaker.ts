import { setTimeout as sleep } from 'node:timers/promises';

export interface BreakerOptions {
  /** Why the target cannot be worked with, to go after its name; empty when it can. Must not throw but for the signal. */
  probe(signal: AbortSignal): Promise<string>;
  /** Called at each change with the new `reason`. */
  onChange(reason: string): void;
  /** Waits that many milliseconds between probes; throws when the signal is aborted. */
  wait?(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * Time between probes, in milliseconds: work must go on within 2 s of the target's return
 * (`ARCHITECTURE.md` §4.3).
 */
const PROBE_INTERVAL_MS = 1_000;

/** Holds back work that needs a target that is away, and notices its return. */
export interface Breaker {
  readonly open: boolean;
  /** @param reason why the target cannot be worked with, to go after its name */
  trip(reason: string): void;
  stop(): void;
}

const realWait = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal });

export function createBreaker({ probe, onChange, wait = realWait }: BreakerOptions): Breaker {
  const stopped = new AbortController();
  /** Empty while it is closed. */
  let reason = '';

  function say(now: string): void {
    if (now === reason) return;
    reason = now;
    onChange(now);
  }

  async function watch(): Promise<void> {
    const { signal } = stopped;
    while (reason !== '') {
      await wait(PROBE_INTERVAL_MS, signal);
      const found = await probe(signal);
      signal.throwIfAborted();
      say(found);
    }
  }

  return {
    get open() {
      return reason !== '';
    },
    trip(why) {
      if (reason !== '' || stopped.signal.aborted) return;
      say(why);
      watch().catch(() => undefined);
    },
    stop: () => stopped.abort(),
  };
}
