import { setTimeout as sleep } from 'node:timers/promises';
import { CouchError, isPassing } from '../../couchdb/errors.ts';
import { FleetError, toError } from '../../errors.ts';

const POLL_MS = 500;

const OUTAGE_CODES = new Set(['redis_unreachable', 'redis_replica', 'couchdb_unreachable']);

/**
 * Wrong credentials are not among them: five tries lock the account (`ARCHITECTURE.md` §4.2). Nor is a server
 * that TLS does not let us trust: it is there, and somebody has to look at the configuration.
 */
function isAway(error: Error): boolean {
  if (error instanceof CouchError) return isPassing(error);
  return error instanceof FleetError && OUTAGE_CODES.has(error.code);
}

/**
 * Does `work` again and again while Redis or CouchDB does not answer; any other failure is thrown.
 * @param onWait told once for each new reason
 */
export async function whileAway<T>(
  work: () => Promise<T>,
  onWait: (reason: string) => void,
  signal: AbortSignal,
): Promise<T> {
  let told = '';
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      const error = toError(thrown);
      if (!isAway(error)) throw error;
      if (error.message !== told) onWait(error.message);
      told = error.message;
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}
