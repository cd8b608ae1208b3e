import { setTimeout as sleep } from 'node:timers/promises';
import { toError } from './errors.ts';

/** Something that is looked at again and again. */
export interface HealthCheck {
  /** Such as `Redis`. */
  readonly name: string;
  /** Milliseconds between two looks, where they cost more than others. */
  readonly intervalMs?: number;
  /** Why it cannot be worked with, to go after its name; empty when it can. What it throws is a reason as well. */
  look(signal: AbortSignal): Promise<string>;
}

/** How it was found last. */
export interface HealthState {
  readonly name: string;
  /** Empty when all is well. */
  readonly reason: string;
}

export interface HealthWatchOptions {
  readonly checks: readonly HealthCheck[];
  /** Called when what is known of a check has changed. */
  onChange?(): void;
  /** Milliseconds between two looks. */
  readonly intervalMs?: number;
  /** Milliseconds after which a look that has no answer counts as one that failed. */
  readonly timeoutMs?: number;
}

/** The reason of what was not looked at yet. */
export const NOT_LOOKED_AT = 'was not looked at yet';

/** Knows how servers are without asking them when it is asked. */
export interface HealthWatch {
  states(): readonly HealthState[];
  stop(): void;
}

/** Together with the time a look may take, an outage is known within 4 s, that of a frozen server as well. */
const INTERVAL_MS = 1_000;
/** A probe of CouchDB gives up by itself before that, and says more. */
const TIMEOUT_MS = 2_500;

/**
 * Looks at everything at once and then at regular times. A look is never begun while the one before has no end, so a
 * server that is frozen for hours is asked once.
 */
export function createHealthWatch({
  checks,
  onChange = () => undefined,
  intervalMs = INTERVAL_MS,
  timeoutMs = TIMEOUT_MS,
}: HealthWatchOptions): HealthWatch {
  const stopped = new AbortController();
  const { signal } = stopped;
  const reasons = new Map(checks.map(({ name }) => [name, NOT_LOOKED_AT]));

  function learn(name: string, reason: string): void {
    if (signal.aborted || reasons.get(name) === reason) return;
    reasons.set(name, reason);
    onChange();
  }

  async function follow({ name, look, intervalMs: pause = intervalMs }: HealthCheck): Promise<void> {
    for (;;) {
      const late = setTimeout(() => learn(name, `does not answer within ${timeoutMs / 1000} s`), timeoutMs);
      const reason = await look(signal).catch((error: unknown) => toError(error).message);
      clearTimeout(late);
      learn(name, reason);
      await sleep(pause, undefined, { signal });
    }
  }

  // Each ends by the signal, and tells nobody.
  for (const check of checks) follow(check).catch(() => undefined);
  return {
    states: () => [...reasons].map(([name, reason]) => ({ name, reason })),
    stop: () => stopped.abort(),
  };
}
