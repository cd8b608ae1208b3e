import type { FastifyInstance } from 'fastify';
import { allInstances, countInstances } from '../../instances/lookup/all-instances.ts';
import { findInstance } from '../../operations/targets/find-instance.ts';
import type { WebContext } from '../web-context.ts';
import { instanceJson, JSON_API } from './messages/instance-json.ts';
import { instanceList } from './messages/instance-list.ts';
import { type Query, readQuery } from './messages/query.ts';
import { sendDocument, sendJson } from './messages/send-json.ts';

/** A route that names one instance, by its domain or an alias. */
export interface OfInstance {
  readonly Params: { readonly domain: string };
}

/** What is read of instances: none of it needs Redis (`docs/admin-api.md` §2.3). */
export function instanceRoutes(app: FastifyInstance, { couch: { global }, log }: WebContext): void {
  const onUnreadable = ({ _id: document, field, problem }: { _id: string; field: string; problem: string }) =>
    log.warn('an instance cannot be read', { document, field, problem });

  app.get('/instances', { exposeHeadRoute: false }, async (request, reply) => {
    const page = pageOf(readQuery(request.url));
    const instances = (from?: string) => allInstances(global, onUnreadable, undefined, from);
    return reply.type(JSON_API).send(await instanceList(instances, page));
  });

  app.get('/instances/count', async () => ({ count: await countInstances(global) }));

  app.get<OfInstance>('/instances/:domain', async ({ params }, reply) =>
    sendDocument(reply, instanceJson(await findInstance(global, params.domain))),
  );

  app.get<OfInstance>('/instances/:domain/prefix', async ({ params }, reply) => {
    const { prefix, domain } = await findInstance(global, params.domain);
    return sendJson(reply, prefix || domain);
  });
}

/** What is no number counts as none, as in a stack. */
function pageOf(query: Query): { limit: number; skip: number; cursor: string | undefined } {
  const number = (name: string) => {
    const text = query.get(name) ?? '';
    return /^\d{1,9}$/.test(text) ? Number(text) : 0;
  };
  return { limit: number('page[limit]'), skip: number('page[skip]'), cursor: query.get('page[cursor]') };
}
