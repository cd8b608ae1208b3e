import type { FastifyInstance } from 'fastify';
import { destroyAndWait } from '../holds/await-destruction.ts';
import { withHold } from '../holds/hold.ts';
import { sharedJobWatch } from '../holds/shared-watch.ts';
import { authorOf } from '../http/actor.ts';
import type { WebContext } from '../web-context.ts';
import { sendError } from './messages/error-json.ts';
import { destructionError } from './messages/job-errors.ts';

interface ByDomain {
  Params: { domain: string };
}

/**
 * `DELETE /instances/<domain>`: 204 once the instance is gone. Unlike a stack, which destroys what an alias leads to, it
 * takes the domain alone: nobody is asked who would see what goes.
 */
export function destroyRoute(scope: FastifyInstance, context: WebContext): void {
  const { config, couch } = context;
  const watch = sharedJobWatch(context);

  scope.delete<ByDomain>('/instances/:domain', async (request, reply) => {
    try {
      const fleet = await context.fleet();
      const places = { fleet, global: couch.global, watch };
      await withHold(reply, config.serve.holdSeconds, (signal) =>
        destroyAndWait(places, { name: request.params.domain, author: authorOf(request) }, signal),
      );
      reply.code(204).send();
    } catch (error) {
      await sendError(reply, destructionError(error));
    }
    return reply;
  });
}
