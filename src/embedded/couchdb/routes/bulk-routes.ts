import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { badRequest } from '../couch-error.ts';
import type { Databases } from '../databases.ts';
import { present, readMany, storable, writeAll } from '../documents.ts';
import type { JsonObject, ListedRows } from '../pouch-types.ts';
import { isObject, listOptions, objectBody, type Query, requireJson } from '../request.ts';
import type { UpdateSignal } from '../update-signal.ts';

interface OfDatabase {
  Params: { db: string };
  Querystring: Query;
}

/** Many documents at once: written, read, listed. */
export function bulkRoutes(app: FastifyInstance, databases: Databases, updates: UpdateSignal): void {
  app.post<OfDatabase>('/:db/_bulk_docs', async ({ params, headers, body }, reply) => {
    requireJson(headers['content-type']);
    const { docs, new_edits } = objectBody(body);
    if (!Array.isArray(docs)) throw badRequest('POST body must include `docs` parameter.');
    const documents = docs.map(bulkDocument);
    const rows = await databases.use(params.db, (pouch) => writeAll(pouch, documents, new_edits !== false));
    updates.notify(params.db);
    return await reply.code(201).send(rows);
  });

  app.post<OfDatabase>('/:db/_bulk_get', async ({ params, headers, body }) => {
    requireJson(headers['content-type']);
    const { docs } = objectBody(body);
    if (!Array.isArray(docs)) throw badRequest('Missing JSON list of `docs`.');
    const requests = docs.filter(isObject);
    return { results: await databases.use(params.db, (pouch) => readMany(pouch, requests)) };
  });

  app.get<OfDatabase>('/:db/_all_docs', async ({ params, query }) => {
    return await list(databases, params.db, listOptions(query));
  });

  app.post<OfDatabase>('/:db/_all_docs', async ({ params, query, headers, body }) => {
    requireJson(headers['content-type']);
    return await list(databases, params.db, listOptions(query, objectBody(body)));
  });

  app.get<OfDatabase>('/:db/_design_docs', async ({ params, query }) => {
    const range = { startkey: '_design/', endkey: '_design/\uffff' };
    return await list(databases, params.db, { ...range, ...listOptions(query) });
  });
}

/** Lists documents, each in the form clients know. */
async function list(databases: Databases, name: string, options: JsonObject): Promise<JsonObject> {
  return presentRows(await databases.use(name, (pouch) => pouch.allDocs(options)));
}

/** The rows of a list or a view with their documents as CouchDB prints them. */
export function presentRows(listed: ListedRows): JsonObject {
  return { ...listed, rows: listed.rows.map((row) => (row.doc ? { ...row, doc: present(row.doc) } : row)) };
}

function bulkDocument(document: unknown): JsonObject {
  if (!isObject(document)) throw badRequest('Document must be a JSON object');
  const given = document['_id'];
  return storable(typeof given === 'string' ? given : randomUUID().replaceAll('-', ''), document);
}
