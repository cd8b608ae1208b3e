import { type AppHttp, HttpFailure, statusFailure } from './http.ts';

interface Remembered {
  readonly failure: HttpFailure;
  readonly until: number;
}

/**
 * The same, for many who want something of one host at a time: one that failed a moment ago is not asked again
 * by each of them, who would all wait for its time-out.
 *
 * @param milliseconds for which a passing failure of a host holds
 */
export function sparingHttp(http: AppHttp, milliseconds: number, now: () => number): AppHttp {
  const failures = new Map<string, Remembered>();

  function remember(host: string, failure: HttpFailure): void {
    if (failure.kind !== 'final') failures.set(host, { failure, until: now() + milliseconds });
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
      try {
        const answer = await http.get(what);
        if (answer.status !== 200) remember(host, statusFailure(answer.status));
        return answer;
      } catch (thrown) {
        if (thrown instanceof HttpFailure) remember(host, thrown);
        else if (isTimeout(what.signal)) remember(host, new HttpFailure('did not answer in time', 'outage'));
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
