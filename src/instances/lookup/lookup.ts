import { slices } from '../../chunk.ts';
import type { StoredDocument, ViewQuery, ViewRow } from '../../couchdb/documents.ts';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import type { StoredInstance } from '../documents/instance-document.ts';
import { classifyDocument, type ReadResult, requireReadable } from './classify-document.ts';

/** Database of all instances, on the CouchDB of `couchdb.url`. */
export const INSTANCES = 'global/instances';

/**
 * The instances that answer to any of these names, as domain or as alias, each once. It is the
 * look-up of the stack, so it sees what a stack would serve (`docs/cozy-data.md` §1.2).
 * @throws Refusal `unreadable` where one of their documents cannot be read; see `classifyByNames`
 */
export async function findByNames(
  global: CouchServer,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<StoredInstance[]> {
  return (await classifyByNames(global, names, signal)).map(requireReadable);
}

/** What {@link findByNames} looks up, with the documents that cannot be read, for callers that go on past them. */
export async function classifyByNames(
  global: CouchServer,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<ReadResult[]> {
  const rows = await rowsByNames(global, { keys: names, includeDocs: true }, signal);
  const found = new Map<string, StoredDocument>();
  for (const { doc } of rows) if (doc) found.set(doc._id, doc);
  return [...found.values()].map(classifyDocument);
}

/**
 * {@link classifyByNames} for the look-ups of operators: on a CouchDB on which nothing was made yet there is no
 * `global/instances`, and so no instance. Workers do not ask so: what is not there may be what a node does not know of yet.
 */
export async function classifyIfAny(
  global: CouchServer,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<ReadResult[]> {
  return (await unlessNoDatabase(classifyByNames(global, names, signal))) ?? [];
}

/** Ids of the documents that {@link findByNames} would find, each once, for a third less of CouchDB's time. */
export async function findIdsByNames(
  global: CouchServer,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<string[]> {
  const rows = await rowsByNames(global, { keys: names }, signal);
  return [...new Set(rows.map(({ id }) => id))];
}

function rowsByNames(global: CouchServer, query: ViewQuery, signal?: AbortSignal): Promise<ViewRow[]> {
  return global.view(INSTANCES, 'domain-and-aliases', 'domain-and-aliases', query, signal);
}

/** The instances whose former domain is one of these names. @throws Refusal `unreadable` */
export async function findByOldDomain(
  global: CouchServer,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<StoredInstance[]> {
  const sorted = [...names].sort();
  // `$in` alone would not use the index; a range from the first to the last name does.
  const selector = { old_domain: { $gte: sorted[0], $lte: sorted.at(-1), $in: names } };
  const documents = await global.find(INSTANCES, { selector, use_index: 'by-olddomain', limit: 50 }, signal);
  return documents.map((document) => requireReadable(classifyDocument(document)));
}

/**
 * The instance whose document has that id; undefined when there is none.
 * @throws Refusal `unreadable`
 */
export async function readInstance(
  global: CouchServer,
  id: string,
  signal?: AbortSignal,
): Promise<StoredInstance | undefined> {
  const result = await classifyById(global, id, signal);
  return result && requireReadable(result);
}

/** The document with that id, for callers that go on where it cannot be read; undefined when there is none. */
export async function classifyById(
  global: CouchServer,
  id: string,
  signal?: AbortSignal,
): Promise<ReadResult | undefined> {
  const document = await global.getDocument(INSTANCES, id, signal);
  return document && classifyDocument(document);
}

/** Documents that are asked for in one request. */
const PAGE = 500;

/** The documents with these ids, by their ids; without those that are not there. */
export async function classifyByIds(
  global: CouchServer,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ReadResult>> {
  const found = new Map<string, ReadResult>();
  for (const keys of slices([...new Set(ids)], PAGE)) {
    for (const { id, doc } of await global.allDocuments(INSTANCES, { keys, includeDocs: true }, signal)) {
      if (doc) found.set(id, classifyDocument(doc));
    }
  }
  return found;
}
