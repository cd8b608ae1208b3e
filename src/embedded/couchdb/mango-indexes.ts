import { createHash } from 'node:crypto';
import { badRequest, CouchError, notFound } from './couch-error.ts';
import { current, storable, writeOne } from './documents.ts';
import type { JsonObject, Pouch, StoredDocument } from './pouch-types.ts';
import { isObject } from './request.ts';

const PREFIX = '_design/';

/** An index as `_find` sees it. */
export interface MangoIndex {
  readonly ddoc: string;
  readonly name: string;
  readonly fields: readonly string[];
  /** A partial index holds only the documents that match this. */
  readonly filter: JsonObject | undefined;
  /** As `GET _index` shows it. */
  readonly shown: JsonObject;
}

/**
 * Creates an index as CouchDB does: a view in a design document of the language `query`, in the very
 * shape CouchDB stores, so that a copied design document is found to exist.
 */
export async function createIndex(pouch: Pouch, body: JsonObject): Promise<JsonObject> {
  const definition = body['index'];
  if (!isObject(definition)) throw missingKey('index');
  const hash = createHash('sha1').update(JSON.stringify(definition)).digest('hex');
  const name = textOr(body['name'], hash);
  const id = PREFIX + withoutPrefix(textOr(body['ddoc'], hash));
  const stored = await current(pouch, id);
  if (stored && stored['language'] !== 'query') {
    const language = stored['language'] ?? false;
    throw new CouchError(
      400,
      'invalid_ddoc_lang',
      `Existing design doc has an invalid language: ${language}`,
    );
  }
  const views = viewsOf(stored);
  const fresh = viewOf(definition);
  const exists = sameDefinition(views[name], fresh);
  if (!exists) {
    const { _rev, ...rest } = stored ?? { _rev: undefined };
    const document = { ...rest, language: 'query', views: { ...views, [name]: fresh } };
    await writeOne(pouch, storable(id, document, _rev));
  }
  return { result: exists ? 'exists' : 'created', id, name };
}

/** The indexes of a database, without the one on `_id` that is always there. */
export async function readIndexes(pouch: Pouch): Promise<MangoIndex[]> {
  const designs = await pouch.allDocs({ startkey: PREFIX, endkey: `${PREFIX}\uffff`, include_docs: true });
  return designs.rows.flatMap(({ doc }) => {
    if (doc?.['language'] !== 'query') return [];
    return Object.entries(viewsOf(doc)).flatMap(([name, view]) => describe(doc._id, name, view) ?? []);
  });
}

/** Removes an index, and its design document with the last one. */
export async function removeIndex(pouch: Pouch, ddoc: string, name: string): Promise<void> {
  const id = PREFIX + withoutPrefix(ddoc);
  const stored = await current(pouch, id);
  const { [name]: doomed, ...others } = viewsOf(stored);
  if (!stored || doomed === undefined) throw notFound('missing');
  const last = Object.keys(others).length === 0;
  await writeOne(pouch, last ? { _id: id, _rev: stored._rev, _deleted: true } : { ...stored, views: others });
}

function describe(ddoc: string, name: string, view: unknown): MangoIndex | undefined {
  const definition = definitionOf(view);
  if (!definition) return undefined;
  const given = definition['partial_filter_selector'];
  const filter = isObject(given) && Object.keys(given).length > 0 ? given : undefined;
  const sorted = fieldsOf(definition);
  const def = { fields: sorted.map(({ field, direction }) => ({ [field]: direction })) };
  return {
    ddoc,
    name,
    fields: sorted.map(({ field }) => field),
    filter,
    shown: {
      ddoc,
      name,
      type: 'json',
      partitioned: false,
      def: filter ? { ...def, partial_filter_selector: filter } : def,
    },
  };
}

function viewOf(definition: JsonObject): JsonObject {
  const fields = Object.fromEntries(fieldsOf(definition).map(({ field, direction }) => [field, direction]));
  const filter = definition['partial_filter_selector'] ?? {};
  return {
    map: { fields, partial_filter_selector: filter },
    reduce: '_count',
    options: { def: definition },
  };
}

/** The order of the fields is part of an index, so texts are compared. */
function sameDefinition(left: unknown, right: unknown): boolean {
  const [old, fresh] = [definitionOf(left), definitionOf(right)];
  if (!old || !fresh) return false;
  const text = (definition: JsonObject): string =>
    JSON.stringify([fieldsOf(definition), definition['partial_filter_selector'] ?? {}]);
  return text(old) === text(fresh);
}

function definitionOf(view: unknown): JsonObject | undefined {
  if (!isObject(view) || !isObject(view['options']) || !isObject(view['options']['def'])) return undefined;
  return view['options']['def'];
}

function fieldsOf(definition: JsonObject): { field: string; direction: string }[] {
  const fields = definition['fields'];
  if (!Array.isArray(fields)) throw missingKey('fields');
  return fields.map((entry: unknown) => {
    if (typeof entry === 'string') return { field: entry, direction: 'asc' };
    const [[field, direction] = []] = isObject(entry) ? Object.entries(entry) : [];
    if (field !== undefined && typeof direction === 'string') return { field, direction };
    throw badRequest('Invalid index fields');
  });
}

function viewsOf(document: StoredDocument | undefined): JsonObject {
  return isObject(document?.['views']) ? document['views'] : {};
}

function withoutPrefix(ddoc: string): string {
  return ddoc.startsWith(PREFIX) ? ddoc.slice(PREFIX.length) : ddoc;
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

function missingKey(key: string): CouchError {
  return new CouchError(400, 'missing_required_key', `Missing required key: ${key}`);
}
