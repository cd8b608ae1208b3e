import type { BulkRow, CouchDocument, Guard } from './documents.ts';
import { CouchError } from './errors.ts';
import type { CouchServer } from './server.ts';

/**
 * Writes documents in one request. One that is there already is fine, for ids are chosen so that
 * only this instance's own stages could have written it; its row is answered for those who look closer.
 * @returns the rows that were there before
 * @throws CouchError for a document refused for any other reason
 */
export async function insertMissing(
  server: CouchServer,
  database: string,
  documents: readonly CouchDocument[],
  signal: AbortSignal,
  guard?: Guard,
): Promise<BulkRow[]> {
  const rows = await server.bulkInsert(database, documents, signal, guard);
  for (const { id, error, reason = '' } of rows) {
    if (error === undefined || error === 'conflict') continue;
    const status = error === 'forbidden' || error === 'unauthorized' ? 403 : 500;
    throw new CouchError(server.host, `writing ${id} of ${database}`, { status, error, reason });
  }
  return rows.filter(({ error }) => error === 'conflict');
}
