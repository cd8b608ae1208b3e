import { type AppHttp, HttpFailure, statusFailure } from './http.ts';

interface Remembered {
  readonly failure: HttpFailure;
  readonly until: number;
}

/**
 * Milliseconds a failure takes that is worth remembering. One that comes at once holds nobody up, and is often over
 * by the next try, which must not be spent on remembering it.
 */
const SLOW = 2_500;

/**
 * The same, for many who want something of one host at a time: one that let somebody wait in vain, or asked for
 * fewer requests (429), is not asked again by each of them.
 *
 * @param milliseconds for which such a failure of a host holds
 */
export function sparingHttp(http: AppHttp, milliseconds: number, now: () => number): AppHttp {
  const failures = new Map<string, Remembered>();

  function remember(host: string, failure: HttpFailure, started: number): void {
    const passing = failure.kind !== 'final';
    if (failure.kind !== 'overload' && !(passing && now() - started >= SLOW)) return;
    failures.set(host, { failure, until: now() + milliseconds });
  }

  function throwRemembered(host: string): void {
    const known = failures.get(host);
    if (known === undefined) return;
    if (known.until > now()) {
      throw new HttpFailure(`${known.failure.message}, a moment ago`, known.failure.kind);
    }
    failures.delete(host);
  }

  return {
    async get(what) {
      const host = new URL(what.url).origin;
      what.signal.throwIfAborted();
      throwRemembered(host);
      const started = now();
      try {
        const answer = await http.get(what);
        if (answer.status !== 200) remember(host, statusFailure(answer.status), started);
        return answer;
      } catch (thrown) {
        if (thrown instanceof HttpFailure) remember(host, thrown, started);
        else if (isTimeout(what.signal)) {
          remember(host, new HttpFailure('did not answer in time', 'outage'), started);
        }
        throw thrown;
      }
    },
    close: () => http.close(),
  };
}

/** Whoever waits no longer for another reason says nothing about the host. */
function isTimeout({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof Error && reason.name === 'TimeoutError';
}
