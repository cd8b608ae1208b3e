import { CouchError } from './errors.ts';
import type { CouchServer } from './server.ts';
import { serverFacts } from './server-facts.ts';

/**
 * Whether a server is a cluster of one node, so that its list of databases is all there is: that of one among several may
 * lag, however many copies documents have (`docs/faults.md` §6.5). It is not where the server does not say so.
 * @throws the signal's reason
 */
export type HasOneNode = (server: Pick<CouchServer, 'ask'>, signal?: AbortSignal) => Promise<boolean>;

/** How long an answer counts, in milliseconds: nodes come by hand, if ever. */
const KNOWN_MS = 60_000;

/** Asks each server once in a while. @param now milliseconds on a clock that never jumps */
export function createHasOneNode(now: () => number = () => performance.now()): HasOneNode {
  const known = new WeakMap<Pick<CouchServer, 'ask'>, { readonly isOne: boolean; readonly at: number }>();
  return async (server, signal) => {
    const before = known.get(server);
    if (before !== undefined && now() - before.at < KNOWN_MS) return before.isOne;
    const at = now();
    const isOne = await isClusterOfOne(server, signal);
    known.set(server, { isOne, at });
    return isOne;
  };
}

/** One that is connected, and no member, may be one soon. */
async function isClusterOfOne(server: Pick<CouchServer, 'ask'>, signal?: AbortSignal): Promise<boolean> {
  try {
    const { members, connected } = await serverFacts.membership(server, signal);
    return members.length === 1 && connected.every((name) => members.includes(name));
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof CouchError) return false;
    throw error;
  }
}
