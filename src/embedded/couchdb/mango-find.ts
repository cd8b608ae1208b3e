import { toError } from '../../errors.ts';
import { CouchError } from './couch-error.ts';
import { present } from './documents.ts';
import type { Engine } from './engine.ts';
import { type MangoIndex, readIndexes } from './mango-indexes.ts';
import { chooseIndex, equalities, type SortField, sortFieldsOf } from './mango-plan.ts';
import type { JsonObject, Pouch, StoredDocument } from './pouch-types.ts';
import { isObject } from './request.ts';

const DEFAULT_LIMIT = 25;
const NO_INDEX = 'No matching index found, create an index to optimize query time.';

/**
 * Answers `_find` as CouchDB does. An index that equality conditions cover wholly narrows the documents
 * down; otherwise all are read, since PouchDB's own planner would also use partial indexes, and holds
 * documents in an index that lack its fields.
 */
export async function find(engine: Engine, pouch: Pouch, request: JsonObject): Promise<JsonObject> {
  const selector = request['selector'];
  if (!isObject(selector)) {
    throw new CouchError(400, 'missing_required_key', 'Missing required key: selector');
  }
  const sort = sortFieldsOf(request['sort']);
  const indexes = await readIndexes(pouch);
  const index = chooseIndex(indexes, selector, sort, request['use_index']);
  if (!index && sort.some(({ field }) => field !== '_id')) {
    const reason = 'No index exists for this sort, try indexing by the sort fields.';
    throw new CouchError(400, 'no_usable_index', reason);
  }
  const order = sort.length > 0 ? sort : inIndexOrder(index);
  const conditions = index?.filter ? [selector, index.filter] : [selector];
  const required = [...(index?.fields ?? []), ...order.map(({ field }) => field)];
  const found = (await candidates(pouch, index, selector))
    .filter((document) => required.every((field) => fieldOf(document, field) !== undefined))
    .filter((document) => conditions.every((condition) => matches(engine, document, condition)))
    .sort((left, right) => compare(engine, order, left, right));
  return page(found, request, index);
}

async function candidates(
  pouch: Pouch,
  index: MangoIndex | undefined,
  selector: JsonObject,
): Promise<StoredDocument[]> {
  const equal = index && !index.filter ? equalities(selector, index.fields) : undefined;
  if (index && equal) {
    const limit = Number.MAX_SAFE_INTEGER;
    return (await pouch.find({ selector: equal, use_index: [index.ddoc, index.name], limit })).docs;
  }
  const all = await pouch.allDocs({ include_docs: true });
  return all.rows.flatMap(({ doc }) => (doc && !doc._id.startsWith('_design/') ? [doc] : []));
}

function page(found: StoredDocument[], request: JsonObject, index: MangoIndex | undefined): JsonObject {
  const limit = typeof request['limit'] === 'number' ? request['limit'] : DEFAULT_LIMIT;
  const skip = typeof request['skip'] === 'number' ? request['skip'] : 0;
  const from = decodeBookmark(request['bookmark']) + skip;
  const docs = found.slice(from, from + limit);
  const bookmark = docs.length > 0 ? encodeBookmark(from + docs.length) : 'nil';
  const fields = request['fields'];
  const shown = docs.map((document) => (Array.isArray(fields) ? pick(document, fields) : present(document)));
  return { docs: shown, bookmark, ...(index ? {} : { warning: NO_INDEX }) };
}

function encodeBookmark(position: number): string {
  return Buffer.from(`after ${position}`).toString('base64url');
}

function decodeBookmark(bookmark: unknown): number {
  if (typeof bookmark !== 'string' || bookmark === '' || bookmark === 'nil') return 0;
  const position = /^after (\d+)$/.exec(Buffer.from(bookmark, 'base64url').toString('utf8'))?.[1];
  if (position === undefined) throw new CouchError(400, 'invalid_bookmark', 'Invalid bookmark value');
  return Number(position);
}

function matches(engine: Engine, document: JsonObject, selector: JsonObject): boolean {
  try {
    return engine.matchesSelector(document, selector);
  } catch (cause) {
    const message = toError(cause).message;
    const operator = /unknown operator "([^"]+)"/.exec(message)?.[1];
    if (operator === undefined) throw new CouchError(400, 'invalid_selector', message);
    throw new CouchError(400, 'invalid_operator', `Invalid operator: ${operator}`);
  }
}

function inIndexOrder(index: MangoIndex | undefined): SortField[] {
  return (index?.fields ?? []).map((field) => ({ field, descending: false }));
}

function compare(engine: Engine, order: SortField[], left: StoredDocument, right: StoredDocument): number {
  for (const { field, descending } of order) {
    const difference = engine.collate(fieldOf(left, field), fieldOf(right, field));
    if (difference !== 0) return descending ? -difference : difference;
  }
  const byId = engine.collate(left._id, right._id);
  return order[0]?.descending ? -byId : byId;
}

function fieldOf(document: JsonObject, field: string): unknown {
  let value: unknown = document;
  for (const step of field.split('.')) value = isObject(value) ? value[step] : undefined;
  return value;
}

function pick(document: JsonObject, fields: readonly unknown[]): JsonObject {
  const picked: JsonObject = {};
  for (const field of fields) {
    if (typeof field !== 'string') continue;
    const value = fieldOf(document, field);
    if (value !== undefined) place(picked, field.split('.'), value);
  }
  return picked;
}

function place(target: JsonObject, path: readonly string[], value: unknown): void {
  const [step, ...rest] = path;
  if (step === undefined) return;
  if (rest.length === 0) {
    target[step] = value;
    return;
  }
  const existing = target[step];
  const inner = isObject(existing) ? existing : {};
  target[step] = inner;
  place(inner, rest, value);
}
