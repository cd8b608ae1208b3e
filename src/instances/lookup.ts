import type { CouchDocument, CouchServer, StoredDocument, ViewQuery, ViewRow } from '../couchdb/server.ts';
import type { InstanceDocument } from './instance-document.ts';

/** Database of all instances, on the CouchDB of `couchdb.url`. */
export const INSTANCES = 'global/instances';

/** An instance as CouchDB has it. */
export type StoredInstance = StoredDocument & InstanceDocument;

function isInstance(document: CouchDocument | null | undefined): document is StoredInstance {
  return typeof document?.['domain'] === 'string' && typeof document._rev === 'string';
}

/**
 * The instances that answer to any of these names, as domain or as alias, each once. It is the
 * look-up of the stack, so it sees what a stack would serve (`instance-data.md` §1.2).
 */
export async function findByNames(
  global: CouchServer,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<StoredInstance[]> {
  const rows = await rowsByNames(global, { keys: names, includeDocs: true }, signal);
  const found = new Map<string, StoredInstance>();
  for (const { doc } of rows) if (isInstance(doc)) found.set(doc._id, doc);
  return [...found.values()];
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

/** The instances whose former domain is one of these names. */
export async function findByOldDomain(
  global: CouchServer,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<StoredInstance[]> {
  const sorted = [...names].sort();
  // `$in` alone would not use the index; a range from the first to the last name does.
  const selector = { old_domain: { $gte: sorted[0], $lte: sorted.at(-1), $in: names } };
  const documents = await global.find(INSTANCES, { selector, use_index: 'by-olddomain', limit: 50 }, signal);
  return documents.filter(isInstance);
}

/**
 * The instances whose databases have that prefix; there should be one. No index of the stack serves it:
 * CouchDB reads all documents for it.
 */
export async function findByPrefix(
  global: CouchServer,
  prefix: string,
  signal?: AbortSignal,
): Promise<StoredInstance[]> {
  const documents = await global.find(INSTANCES, { selector: { prefix }, limit: 50 }, signal);
  return documents.filter(isInstance);
}

/** The document with that id, when it is an instance. */
export async function readInstance(
  global: CouchServer,
  id: string,
  signal?: AbortSignal,
): Promise<StoredInstance | undefined> {
  const document = await global.getDocument(INSTANCES, id, signal);
  return isInstance(document) ? document : undefined;
}
