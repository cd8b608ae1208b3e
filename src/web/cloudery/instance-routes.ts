import type { FastifyInstance, FastifyReply } from 'fastify';
import * as z from 'zod';
import { InputError } from '../../errors.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { targetOf } from '../../operations/targets/target.ts';
import { plainError } from '../admin/messages/error-json.ts';
import { destructionError } from '../admin/messages/job-errors.ts';
import { destroyAndWait } from '../holds/await-destruction.ts';
import { withHold } from '../holds/hold.ts';
import { sharedJobWatch } from '../holds/shared-watch.ts';
import { authorOf } from '../http/actor.ts';
import { ignoreBodies } from '../http/ignore-bodies.ts';
import type { WebContext } from '../web-context.ts';
import type { UuidLookup } from './find-by-uuid.ts';
import { clouderyId } from './ordered-instance.ts';

interface ById {
  Params: { id: string };
}

/** When an instance is to go, in seconds since 1970. */
const removal = z.object({ date: z.coerce.number().int().min(0).optional() });

const saving = z.object({ source: z.literal('stack') });

/** What is done to an instance that is there. */
export function instanceRoutes(scope: FastifyInstance, context: WebContext, lookup: UuidLookup): void {
  const { config, couch } = context;
  const watch = sharedJobWatch(context);
  ignoreBodies(scope);

  scope.get<ById>('/v1/instances/:id', async ({ params }) => shown(await lookup.find(params.id, false)));

  scope.put<ById>('/v1/instances/:id', async ({ params, query }, reply) => {
    await lookup.find(params.id, false);
    // A stack tells its manager what it has written itself. Others would expect that it is written here.
    if (!saving.safeParse(query).success) throw plainError(501, 'Only source=stack is understood');
    return reply.code(204).send();
  });

  scope.post<ById>('/v1/instances/:id/resend', async ({ params }) => {
    await lookup.find(params.id, false);
    throw plainError(501, 'No mail is sent from here');
  });

  scope.get('/v1/features', async () => ({ flags: {} }));

  scope.delete<ById>('/v1/instances/:id', async ({ params, query }, reply) => {
    refuseLater(query);
    return await destroy(params.id, reply);
  });

  scope.delete<ById>('/admin/instances/:id', async ({ params }, reply) => await destroy(params.id, reply));

  async function destroy(id: string, reply: FastifyReply): Promise<FastifyReply> {
    const instance = await lookup.find(id, true);
    try {
      const fleet = await context.fleet();
      const wanted = {
        name: instance.domain,
        expected: targetOf(instance, 1).seen,
        author: authorOf(reply.request),
      };
      await withHold(reply, config.serve.holdSeconds, (signal) =>
        destroyAndWait({ fleet, global: couch.global, watch }, wanted, signal),
      );
    } catch (error) {
      throw destructionError(error);
    }
    return reply.code(204).send();
  }
}

/** A moved instance is to go a month later; at once would be a month too early. */
function refuseLater(query: unknown): void {
  const asked = removal.safeParse(query);
  if (!asked.success) throw new InputError('bad_request', 'date: seconds since 1970 are needed');
  const { date } = asked.data;
  if (date === undefined || date * 1000 <= Date.now()) return;
  throw plainError(501, 'An instance can only be removed at once, not at a later time');
}

function shown(instance: StoredInstance): object {
  const { domain, locale } = instance;
  return { id: clouderyId(instance), fqdn: domain, locale, has_blocking_subscription: false };
}
