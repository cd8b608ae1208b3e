import type { CouchServer } from '../../couchdb/server.ts';
import { INSTANCES } from './lookup.ts';

/**
 * Whether each document of `global/instances` is on one node only, so that what asks one copy, as `_changes` does, says
 * as much as a reading by a quorum. It is not where the server does not say so.
 * @throws CouchError
 */
export type HasOneCopy = (signal?: AbortSignal) => Promise<boolean>;

/** How long an answer counts, in milliseconds: how many copies there are is changed by hand, if ever. */
const KNOWN_MS = 60_000;

/** Asks once in a while. @param now milliseconds on a clock that never jumps */
export function createHasOneCopy(
  global: Pick<CouchServer, 'databaseFacts'>,
  now: () => number = () => performance.now(),
): HasOneCopy {
  let known: { readonly copies: number | undefined; readonly at: number } | undefined;
  return async (signal) => {
    if (known === undefined || now() - known.at >= KNOWN_MS) {
      const at = now();
      const { copies } = await global.databaseFacts(INSTANCES, signal);
      known = { copies, at };
    }
    return known.copies === 1;
  };
}
