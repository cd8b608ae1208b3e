import type { FastifyInstance } from 'fastify';
import { createWebServer } from './http/create-server.ts';
import type { WebContext } from './web-context.ts';

/** Bytes of a body, but for files of instances. */
const BODY_LIMIT = 1024 * 1024;

/** The server for operators and their programs: the admin API and the fleet page. */
export async function createAdminServer(context: WebContext): Promise<FastifyInstance> {
  const { trustedProxies } = context.config.serve;
  const app = createWebServer({ trustedProxies, bodyLimit: BODY_LIMIT });
  return app;
}
