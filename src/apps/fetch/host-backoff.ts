import { type AppHttp, HttpFailure, statusFailure } from './http.ts';

interface RecentFailure {
  readonly failure: HttpFailure;
  readonly until: number;
}

/**
 * How long a failure must take to be remembered. A failure at once costs its callers no time, and is often over by
 * their next request, which would fail in vain if it were remembered.
 */
const SLOW_MS = 2_500;

/**
 * Remembers slow failures of a host and its answers 429 for a while: parallel requests to it fail fast meanwhile.
 *
 * @param backoffMs milliseconds for which such a failure of a host holds
 * @param now milliseconds since 1970
 */
export function withHostBackoff(http: AppHttp, backoffMs: number, now: () => number): AppHttp {
  const failures = new Map<string, RecentFailure>();

  function remember(host: string, failure: HttpFailure, started: number): void {
    const passing = failure.kind !== 'final';
    if (failure.kind !== 'overload' && !(passing && now() - started >= SLOW_MS)) return;
    failures.set(host, { failure, until: now() + backoffMs });
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

/** A request that was aborted for any other reason says nothing about the host. */
function isTimeout({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof Error && reason.name === 'TimeoutError';
}
