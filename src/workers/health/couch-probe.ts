import { atTime } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';

/** What of a server is asked for when it cannot be worked with. */
export type ProbedServer = Pick<CouchServer, 'health' | 'isAuthorized' | 'nextTry'>;

/**
 * Why a CouchDB cannot be worked with, to go after its name; empty when it can. A password that was refused is
 * not tried for it before its time.
 */
export async function whyAway(server: ProbedServer, signal: AbortSignal): Promise<string> {
  const health = await server.health(signal);
  if (health.state !== 'up') return health.reason;
  if (server.nextTry === undefined || (await server.isAuthorized(signal))) return '';
  return refusalOf(server);
}

/** That the password was refused, and when it is tried next. */
export function refusalOf({ nextTry }: Pick<CouchServer, 'nextTry'>): string {
  const refused = 'refuses our user or password';
  return nextTry === undefined ? refused : `${refused}, next try ${atTime(nextTry)}`;
}
