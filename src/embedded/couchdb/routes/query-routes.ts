import type { FastifyInstance } from 'fastify';
import { readChanges } from '../changes.ts';
import { notFound } from '../couch-error.ts';
import type { Databases } from '../databases.ts';
import type { Engine } from '../engine.ts';
import type { KeyedQueue } from '../keyed-queue.ts';
import { find } from '../mango-find.ts';
import { createIndex, readIndexes, removeIndex } from '../mango-indexes.ts';
import type { JsonObject, Pouch } from '../pouch-types.ts';
import { isObject, listOptions, objectBody, type Query, requireJson } from '../request.ts';
import type { UpdateSignal } from '../update-signal.ts';
import { presentRows } from './bulk-routes.ts';

const ALL_DOCS = { ddoc: null, name: '_all_docs', type: 'special', def: { fields: [{ _id: 'asc' }] } };

interface OfDatabase {
  Params: { db: string };
  Querystring: Query;
}

interface OfView {
  Params: { db: string; ddoc: string; view: string };
  Querystring: Query;
}

interface OfIndex {
  Params: { db: string; ddoc: string; name: string };
}

export interface QueryTools {
  readonly engine: Engine;
  readonly databases: Databases;
  readonly updates: UpdateSignal;
  readonly order: KeyedQueue;
}

/** Views, Mango and the changes feed. */
export function queryRoutes(app: FastifyInstance, tools: QueryTools): void {
  const { engine, databases, updates, order } = tools;

  app.get<OfView>('/:db/_design/:ddoc/_view/:view', async ({ params, query }) => {
    return await queryView(databases, params, listOptions(query));
  });

  app.post<OfView>('/:db/_design/:ddoc/_view/:view', async ({ params, query, headers, body }) => {
    requireJson(headers['content-type']);
    return await queryView(databases, params, listOptions(query, objectBody(body)));
  });

  app.post<OfDatabase>('/:db/_index', async ({ params, headers, body }) => {
    requireJson(headers['content-type']);
    const definition = objectBody(body);
    // One at a time: it reads the design document before writing it.
    const created = await order.run(`${params.db} _index`, () =>
      databases.use(params.db, (pouch) => createIndex(pouch, definition)),
    );
    updates.notify(params.db);
    return created;
  });

  app.get<OfDatabase>('/:db/_index', async ({ params }) => {
    const indexes = [ALL_DOCS, ...(await databases.use(params.db, readIndexes)).map(({ shown }) => shown)];
    return { total_rows: indexes.length, indexes };
  });

  for (const path of ['/:db/_index/:ddoc/json/:name', '/:db/_index/_design/:ddoc/json/:name']) {
    app.delete<OfIndex>(path, async ({ params }) => {
      const { db, ddoc, name } = params;
      await order.run(`${db} _index`, () => databases.use(db, (pouch) => removeIndex(pouch, ddoc, name)));
      updates.notify(db);
      return { ok: true };
    });
  }

  app.post<OfDatabase>('/:db/_find', async ({ params, headers, body }) => {
    requireJson(headers['content-type']);
    const request = objectBody(body);
    return await databases.use(params.db, (pouch) => find(engine, pouch, request));
  });

  app.get<OfDatabase>('/:db/_changes', async ({ params, query }) => {
    return await readChanges(databases, updates, params.db, query, {});
  });

  app.post<OfDatabase>('/:db/_changes', async ({ params, query, headers, body }) => {
    requireJson(headers['content-type']);
    return await readChanges(databases, updates, params.db, query, objectBody(body));
  });
}

async function queryView(
  databases: Databases,
  { db, ddoc, view }: OfView['Params'],
  options: JsonObject,
): Promise<JsonObject> {
  return await databases.use(db, async (pouch) => {
    await requireView(pouch, ddoc, view);
    return presentRows(await pouch.query(`${ddoc}/${view}`, options));
  });
}

async function requireView(pouch: Pouch, ddoc: string, view: string): Promise<void> {
  const { views } = await pouch.get(`_design/${ddoc}`);
  if (!isObject(views) || !isObject(views[view])) throw notFound('missing_named_view');
}
