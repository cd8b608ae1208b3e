import { chunks } from '../../chunk.ts';
import type { ViewRow } from '../../couchdb/documents.ts';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { defined } from '../../defined.ts';
import type { StoredInstance } from '../documents/instance-document.ts';
import { classifyDocument, type OnUnreadable, type ReadResult } from './classify-document.ts';
import { documentPart, type InstanceFilter, matchesDocument } from './instance-filter.ts';
import { INSTANCES } from './lookup.ts';
import { organizationIds } from './organization-ids.ts';

/** Documents that are asked for, and held, at a time. */
const PAGE = 500;

/**
 * All instances in the order of their ids, which is the order of the stack's `instances ls`
 * (`docs/admin-api.md` §1.3). The next page is asked for when the last one was used up.
 * @param onUnreadable called with each document that is passed over
 * @param from the id to begin with
 */
export async function* allInstances(
  global: CouchServer,
  onUnreadable: OnUnreadable,
  signal?: AbortSignal,
  from?: string,
): AsyncGenerator<StoredInstance> {
  for await (const result of classifyAll(global, signal, from)) {
    if (result.readable) yield result.instance;
    else onUnreadable(result.unreadable);
  }
}

/** All documents that are, or should be, instances, in the same order. */
export async function* classifyAll(
  global: CouchServer,
  signal?: AbortSignal,
  from?: string,
): AsyncGenerator<ReadResult> {
  for await (const { doc } of rows(global, signal, from)) if (doc) yield classifyDocument(doc);
}

/** How many documents are, or should be, instances; nothing of them is read. */
export async function countInstances(global: CouchServer, signal?: AbortSignal): Promise<number> {
  let count = 0;
  for await (const _ of rows(global, signal, undefined, false)) count += 1;
  return count;
}

/** The rows of all documents but the design documents. */
async function* rows(
  global: CouchServer,
  signal: AbortSignal | undefined,
  from: string | undefined,
  includeDocs = true,
): AsyncGenerator<ViewRow> {
  let last: string | undefined;
  for (;;) {
    const query = defined({ includeDocs, limit: PAGE, startKey: last ?? from });
    const reading = global.allDocuments(INSTANCES, query, signal);
    // A CouchDB on which nothing was made yet has no `global/instances`; a list that ends in the middle is none.
    const page = last === undefined ? ((await unlessNoDatabase(reading)) ?? []) : await reading;
    for (const row of page) {
      // A page begins with the row the one before it ended with.
      if (row.id !== last && !row.id.startsWith('_design/')) yield row;
    }
    if (page.length < PAGE) return;
    last = page.at(-1)?.id;
  }
}

/**
 * The instances that a filter means as far as their documents tell, in the order of the server; all of a filter is asked by
 * `meantInstances`. Those of an organization are found by its index
 * where there is one; otherwise all documents are read.
 * @param onUnreadable told of each document that was read and of which nobody can tell whether it is meant
 */
export async function* filteredInstances(
  global: CouchServer,
  filter: InstanceFilter,
  onUnreadable: OnUnreadable,
): AsyncGenerator<StoredInstance> {
  const told = documentPart(filter);
  const ids = await organizationIds(global, filter);
  const results = ids === undefined ? classifyAll(global) : classifyIds(global, ids);
  for await (const result of results) {
    if (!result.readable) onUnreadable(result.unreadable);
    else if (matchesDocument(told, result.instance)) yield result.instance;
  }
}

/** The documents with these ids; those that are gone meanwhile are left out. */
async function* classifyIds(global: CouchServer, ids: readonly string[]): AsyncGenerator<ReadResult> {
  for await (const keys of chunks(ids, PAGE)) {
    const rows = await global.allDocuments(INSTANCES, { keys, includeDocs: true });
    for (const { doc } of rows) if (doc) yield classifyDocument(doc);
  }
}
