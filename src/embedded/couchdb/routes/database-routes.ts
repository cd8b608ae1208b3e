import type { FastifyInstance } from 'fastify';
import { badRequest } from '../couch-error.ts';
import type { Databases } from '../databases.ts';
import { objectBody, parseJson, type Query } from '../request.ts';
import { databaseInfo } from './database-info.ts';

const DEFAULT_SECURITY = { members: { roles: ['_admin'] }, admins: { roles: ['_admin'] } };

interface OfDatabase {
  Params: { db: string };
  Querystring: Query;
}

/** Databases themselves: made, looked at, removed. */
export function databaseRoutes(app: FastifyInstance, databases: Databases): void {
  app.put<OfDatabase>('/:db', async ({ params }, reply) => {
    await databases.create(params.db);
    return await reply
      .code(201)
      .header('location', `/${encodeURIComponent(params.db)}`)
      .send({ ok: true });
  });

  app.get<OfDatabase>('/:db', async ({ params }) => await databaseInfo(databases, params.db));

  app.delete<OfDatabase>('/:db', async ({ params, query }) => {
    // CouchDB takes a revision here for a forgotten document id.
    if ('rev' in query) throw badRequest('You tried to DELETE a database with a ?=rev parameter.');
    await databases.remove(params.db);
    return { ok: true };
  });

  app.get<OfDatabase>('/:db/_security', async ({ params }) => {
    const kept = await databases.readSecurity(params.db);
    return kept === undefined ? DEFAULT_SECURITY : parseJson(kept);
  });

  app.put<OfDatabase>('/:db/_security', async ({ params, body }) => {
    await databases.writeSecurity(params.db, objectBody(body));
    return { ok: true };
  });

  app.post<OfDatabase>('/:db/_ensure_full_commit', async ({ params }, reply) => {
    await databases.use(params.db, (pouch) => pouch.info());
    return await reply.code(201).send({ ok: true, instance_start_time: '0' });
  });
}
