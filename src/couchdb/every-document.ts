import { defined } from '../defined.ts';
import type { StoredDocument } from './documents.ts';
import type { CouchServer } from './server.ts';

/** Documents asked for at a time: few requests, and no answer of more than some megabytes. */
const PAGE = 1_000;

/**
 * Every document of a database but its design documents, a page at a time; a document that has conflicting
 * revisions comes with their list in `_conflicts`.
 *
 * @param page documents asked for at a time
 * @throws CouchError 404 when there is no such database
 */
export async function* everyDocument(
  server: CouchServer,
  database: string,
  signal?: AbortSignal,
  page = PAGE,
): AsyncGenerator<StoredDocument, void, undefined> {
  let startKey: string | undefined;
  do {
    // One row more than a page: where the next one begins, without any guess about the order of ids.
    const query = defined({ limit: page + 1, startKey, includeDocs: true, conflicts: true });
    const rows = await server.allDocuments(database, query, signal);
    for (const { id, doc } of rows.slice(0, page)) if (doc && !id.startsWith('_design/')) yield doc;
    startKey = rows[page]?.id;
  } while (startKey !== undefined);
}
