import type { CouchServer } from '../../couchdb/server.ts';
import { databaseName, databaseRange } from './prefix.ts';

/**
 * Which of these databases of an instance CouchDB says are not there. A list may come from a node that lags: what it
 * lacks is asked for by its name before it is called missing.
 *
 * @param prefix what the names of its databases begin with (`databasePrefix`)
 * @returns their doctypes
 * @throws CouchError, or the signal's reason when aborted
 */
export async function missingDatabases(
  server: CouchServer,
  prefix: string,
  doctypes: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlySet<string>> {
  const listed = new Set(await server.listDatabases(databaseRange(prefix), signal));
  const unlisted = doctypes.filter((doctype) => !listed.has(databaseName(prefix, doctype)));
  const isThere = await Promise.all(
    unlisted.map((doctype) => server.databaseExists(databaseName(prefix, doctype), signal)),
  );
  return new Set(unlisted.filter((_, at) => isThere[at] === false));
}
