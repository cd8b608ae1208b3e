import { setTimeout as sleep } from 'node:timers/promises';

export interface BreakerOptions {
  /** For the log. */
  readonly name: string;
  /** Whether the target answers; must not throw but for the signal. */
  probe(signal: AbortSignal): Promise<boolean>;
  /** Whether our credentials work; only asked after they were refused. */
  probeCredentials?(signal: AbortSignal): Promise<boolean>;
  /** Told at each change. */
  onChange(open: boolean): void;
  /** Waits that many milliseconds between probes; throws when the signal is aborted. */
  wait?(ms: number, signal: AbortSignal): Promise<void>;
}

/** Time between probes, in milliseconds: work must go on within 2 s of the target's return (design §4). */
const PROBE_EVERY = 1_000;

/**
 * Times between tries with credentials that were refused, in milliseconds, and how many come soon.
 * Five failures in five minutes lock the account for everyone behind our address (design §4). The
 * requests under way when a password changes are more than that already, so a few early tries cost
 * nobody anything, and a password that is put right soon is noticed soon; after that, fewer than five
 * in five minutes let the lock go.
 */
const EARLY_CREDENTIAL_PROBE = 2_000;
const EARLY_CREDENTIAL_PROBES = 15;
const CREDENTIAL_PROBE = 90_000;

/** Holds back work that needs a target that is away, and notices its return. */
export interface Breaker {
  readonly open: boolean;
  /** @param credentials whether the target refused our credentials */
  trip(credentials: boolean): void;
  stop(): void;
}

const realWait = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal });

export function createBreaker({
  probe,
  probeCredentials,
  onChange,
  wait = realWait,
}: BreakerOptions): Breaker {
  const stopped = new AbortController();
  let open = false;
  let credentialsRefused = false;

  async function watch(): Promise<void> {
    const { signal } = stopped;
    let tries = 0;
    for (;;) {
      await wait(credentialsRefused ? credentialDelay(tries) : PROBE_EVERY, signal);
      if (!(await probe(signal))) continue;
      if (credentialsRefused && probeCredentials !== undefined) {
        tries += 1;
        if (!(await probeCredentials(signal))) continue;
      }
      open = false;
      credentialsRefused = false;
      onChange(false);
      return;
    }
  }

  return {
    get open() {
      return open;
    },
    trip(credentials) {
      credentialsRefused ||= credentials;
      if (open || stopped.signal.aborted) return;
      open = true;
      onChange(true);
      watch().catch(() => undefined);
    },
    stop: () => stopped.abort(),
  };
}

function credentialDelay(tries: number): number {
  return tries < EARLY_CREDENTIAL_PROBES ? EARLY_CREDENTIAL_PROBE : CREDENTIAL_PROBE;
}
