import type { FastifyInstance, FastifyReply } from 'fastify';
import { plainError, stackError } from '../admin/messages/error-json.ts';
import { JSON_HEADERS } from '../admin/stack-api.ts';
import type { WebContext } from '../web-context.ts';
import { bringsToken } from './bearer.ts';
import { creationRoutes } from './creation-routes.ts';
import { createUuidLookup } from './find-by-uuid.ts';
import { instanceRoutes } from './instance-routes.ts';

/**
 * The part of Cloudery's API that programs which provision instances call, and that stacks call of their manager; by a
 * bearer token of its own, never by the admin passphrase. Without a token in the configuration there is no such API.
 */
export async function clouderyRoutes(app: FastifyInstance, context: WebContext): Promise<void> {
  const { clouderyToken } = context.config.serve;
  await app.register(
    async (scope) => {
      scope.addHook('onRequest', async (_request, reply) => {
        reply.headers(JSON_HEADERS);
      });
      scope.setErrorHandler((error: Error, request, reply) => {
        const { url: route = '' } = request.routeOptions;
        // Neither the address nor the body: they tell of people.
        if (stackError(error).status === 500) context.log.error('request failed', { route, error });
        return sendClouderyError(reply, error);
      });
      if (clouderyToken !== undefined) {
        scope.addHook('onRequest', async (request) => {
          if (!bringsToken(request.headers.authorization, clouderyToken)) {
            throw plainError(401, 'A bearer token is needed');
          }
        });
        const lookup = createUuidLookup({ global: context.couch.global, fleet: () => context.fleet() });
        await scope.register(async (inner) => creationRoutes(inner, context));
        await scope.register(async (inner) => instanceRoutes(inner, context, lookup));
      }
      scope.all('/*', async () => {
        throw plainError(404, 'There is nothing of that name');
      });
    },
    { prefix: '/api' },
  );
}

function sendClouderyError(reply: FastifyReply, thrown: unknown): FastifyReply {
  const { status, title, detail, retryAfter } = stackError(thrown);
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  return reply.code(status).send({ error: title, message: detail });
}
