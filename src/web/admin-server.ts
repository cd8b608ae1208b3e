import type { FastifyInstance } from 'fastify';
import { creationRoutes } from './admin/create-route.ts';
import { sendError } from './admin/error-json.ts';
import { stackApi } from './admin/stack-api.ts';
import { fleetGuard } from './auth/fleet-guard.ts';
import { clouderyRoutes } from './cloudery/cloudery-routes.ts';
import { fleetApi } from './fleet-api/fleet-api.ts';
import { fleetPage } from './fleet-page/fleet-page.ts';
import { createWebServer } from './http/create-server.ts';
import type { WebContext } from './web-context.ts';

/** Bytes of a body, but for files of instances. */
const BODY_LIMIT = 1024 * 1024;

/** The server for operators and their programs: the admin API and the fleet page. */
export async function createAdminServer(context: WebContext): Promise<FastifyInstance> {
  const { trustedProxies } = context.config.serve;
  const app = createWebServer({
    trustedProxies,
    bodyLimit: BODY_LIMIT,
    // What is refused before it has a route, such as an address that nobody can decode.
    framework: { frameworkErrors: (error, _request, reply) => void sendError(reply, error) },
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
