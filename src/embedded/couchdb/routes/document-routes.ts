import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { badRequest } from '../couch-error.ts';
import type { Databases } from '../databases.ts';
import { isLocal, present, removeDocument, storable, writeLocal, writeOne } from '../documents.ts';
import type { KeyedQueue } from '../keyed-queue.ts';
import type { JsonObject } from '../pouch-types.ts';
import { objectBody, type Query, requireJson } from '../request.ts';
import type { UpdateSignal } from '../update-signal.ts';

const READ_FLAGS = ['revs', 'revs_info', 'conflicts', 'latest'];
const NOT_AN_OBJECT = 'Document must be a JSON object';

interface OfDocument {
  Params: { db: string; id: string };
  Querystring: Query;
}

interface Written {
  readonly id: string;
  readonly rev: string;
}

/** Single documents, `_design` and `_local` ones among them. */
export function documentRoutes(
  app: FastifyInstance,
  databases: Databases,
  updates: UpdateSignal,
  order: KeyedQueue,
): void {
  app.post<{ Params: { db: string } }>('/:db', async ({ params, headers, body }, reply) => {
    requireJson(headers['content-type']);
    const document = objectBody(body, NOT_AN_OBJECT);
    const given = document['_id'];
    const id = typeof given === 'string' ? given : randomUUID().replaceAll('-', '');
    const row = await databases.use(params.db, (pouch) => writeOne(pouch, storable(id, document)));
    updates.notify(params.db);
    return await answer(reply.code(201), row);
  });

  for (const [path, prefix] of [
    ['/:db/_design/:id', '_design/'],
    ['/:db/_local/:id', '_local/'],
    ['/:db/:id', ''],
  ] as const) {
    app.get<OfDocument>(path, async ({ params, query }, reply) => {
      const document = await databases.use(params.db, (pouch) =>
        pouch.get(prefix + params.id, readOptions(query)),
      );
      return await reply.header('etag', `"${document._rev}"`).send(present(document));
    });

    app.put<OfDocument>(path, async ({ params, query, headers, body }, reply) => {
      const id = prefix + params.id;
      const document = objectBody(body, NOT_AN_OBJECT);
      const rev = query['rev'] ?? unquoted(headers['if-match']);
      const row = await databases.use(params.db, (pouch) =>
        isLocal(id)
          ? writeLocal(pouch, id, document, order, `${params.db} ${id}`)
          : writeOne(pouch, storable(id, document, rev)),
      );
      updates.notify(params.db);
      return await answer(reply.code(201), row);
    });

    app.delete<OfDocument>(path, async ({ params, query, headers }, reply) => {
      if (params.id === '') throw badRequest('document id missing');
      const rev = query['rev'] ?? unquoted(headers['if-match']);
      const row = await databases.use(params.db, (pouch) => removeDocument(pouch, prefix + params.id, rev));
      updates.notify(params.db);
      return await answer(reply, row);
    });
  }
}

async function answer(reply: FastifyReply, { id, rev }: Written): Promise<FastifyReply> {
  return await reply.header('etag', `"${rev}"`).send({ ok: true, id, rev });
}

function readOptions(query: Query): JsonObject {
  const flags = READ_FLAGS.filter((flag) => query[flag] === 'true').map((flag) => [flag, true]);
  return { ...Object.fromEntries(flags), ...(query['rev'] === undefined ? {} : { rev: query['rev'] }) };
}

function unquoted(etag: string | undefined): string | undefined {
  return etag?.replaceAll('"', '');
}
