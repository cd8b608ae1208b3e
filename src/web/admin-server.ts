import type { FastifyInstance, FastifyReply } from 'fastify';
import { creationRoutes } from './admin/create-route.ts';
import { type AnswerError, plainError, sendError } from './admin/messages/error-json.ts';
import { denialOf, JSON_HEADERS, stackApi } from './admin/stack-api.ts';
import { admittedByBasic } from './auth/admitted.ts';
import { fleetGuard } from './auth/fleet-guard.ts';
import { clouderyRoutes } from './cloudery/cloudery-routes.ts';
import { fleetApi } from './fleet-api/fleet-api.ts';
import { fleetPage } from './fleet-page/fleet-page.ts';
import { createWebServer } from './http/create-server.ts';
import type { WebContext } from './web-context.ts';

/** Bytes of a body, but for files of instances. */
const BODY_LIMIT = 1024 * 1024;

const UNREADABLE = plainError(400, 'The address of the request cannot be read');
const NOTHING = plainError(404, 'This server has no such route');

/** The server for operators and their programs: the admin API and the fleet page. */
export async function createAdminServer(context: WebContext): Promise<FastifyInstance> {
  const { trustedProxies } = context.config.serve;
  const app = createWebServer({
    trustedProxies,
    bodyLimit: BODY_LIMIT,
    // What is refused before it has a route. The framework would repeat the address, to whomever.
    framework: { frameworkErrors: (_error, _request, reply) => void refuse(reply, UNREADABLE) },
  });
  // Of methods that no route has.
  app.setNotFoundHandler(async (request, reply) => {
    const admission = await admittedByBasic(context.operator, request);
    await refuse(reply, admission === 'admitted' ? NOTHING : denialOf(admission));
  });
  await app.register((api) => stackApi(api, context, [creationRoutes]));
  await app.register(async (cloudery) => clouderyRoutes(cloudery, context));
  await app.register(async (fleet) => {
    await fleetGuard(fleet, context);
    await fleetApi(fleet, context);
    await fleetPage(fleet, context);
  });
  return app;
}

async function refuse(reply: FastifyReply, error: AnswerError): Promise<void> {
  await sendError(reply.headers(JSON_HEADERS), error);
}
