import { unlessNoDatabase } from '../couchdb/errors.ts';
import type { CouchServer, StoredDocument, ViewRow } from '../couchdb/server.ts';
import { INSTANCES, type StoredInstance } from './lookup.ts';

/** Documents that are asked for, and held, at a time. */
const PAGE = 500;

/**
 * All instances in the order of their ids, which is the order of the stack's `instances ls`
 * (`cli-and-admin-api.md` §1.3). The next page is asked for when the last one was used up.
 */
export async function* allInstances(
  global: CouchServer,
  signal?: AbortSignal,
): AsyncGenerator<StoredInstance> {
  for await (const { doc } of rows(global, { includeDocs: true }, signal)) if (doc) yield asInstance(doc);
}

/**
 * The same for those to whom what is not among them is nobody's: without its database, it is no list.
 * @throws CouchError 404 where there is no such database
 */
export async function* instancesThere(
  global: CouchServer,
  signal?: AbortSignal,
): AsyncGenerator<StoredInstance> {
  const listing = rows(global, { includeDocs: true, isThere: true }, signal);
  for await (const { doc } of listing) if (doc) yield asInstance(doc);
}

/** How many there are: the number of those that `allInstances` gives, without reading them. */
export async function countInstances(global: CouchServer, signal?: AbortSignal): Promise<number> {
  let count = 0;
  for await (const _ of rows(global, {}, signal)) count += 1;
  return count;
}

/** The rows of all documents but the design documents. */
async function* rows(
  global: CouchServer,
  { includeDocs = false, isThere = false }: { readonly includeDocs?: boolean; readonly isThere?: boolean },
  signal: AbortSignal | undefined,
): AsyncGenerator<ViewRow> {
  let last: string | undefined;
  for (;;) {
    const query = { includeDocs, limit: PAGE, ...(last === undefined ? {} : { startKey: last }) };
    const reading = global.allDocuments(INSTANCES, query, signal);
    // A CouchDB on which nothing was made yet has no `global/instances`; a list that ends in the middle is none.
    const mayBeNone = last === undefined && !isThere;
    const page = mayBeNone ? ((await unlessNoDatabase(reading)) ?? []) : await reading;
    for (const row of page) {
      // A page begins with the row the one before it ended with.
      if (row.id !== last && !row.id.startsWith('_design/')) yield row;
    }
    if (page.length < PAGE) return;
    last = page.at(-1)?.id;
  }
}

/** As the stack does, whatever is no design document is taken for an instance. */
function asInstance(document: StoredDocument): StoredInstance {
  return { domain: '', locale: '', password_defined: null, ...document };
}
