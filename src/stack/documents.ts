import type { StoredDocument } from '../couchdb/documents.ts';
import { isNoDatabase, unlessNoDatabase } from '../couchdb/errors.ts';
import { everyDocument } from '../couchdb/every-document.ts';
import type { CouchServer } from '../couchdb/server.ts';

/** Every document of a database but its design documents; none where there is no such database. */
export async function documentsOf(
  server: CouchServer,
  database: string,
  signal: AbortSignal,
): Promise<StoredDocument[]> {
  const documents: StoredDocument[] = [];
  try {
    for await (const document of everyDocument(server, database, signal)) documents.push(document);
  } catch (error) {
    // A database that is deleted while it is read must not pass for a complete one.
    if (!isNoDatabase(error) || documents.length > 0) throw error;
  }
  return documents;
}

/** The documents with these ids, by id; those that are not there are left out, as is a missing database. */
export async function documentsById(
  server: CouchServer,
  database: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, StoredDocument>> {
  const found = new Map<string, StoredDocument>();
  if (ids.length === 0) return found;
  const reading = server.allDocuments(database, { keys: ids, includeDocs: true }, signal);
  for (const { doc } of (await unlessNoDatabase(reading)) ?? []) if (doc) found.set(doc._id, doc);
  return found;
}
