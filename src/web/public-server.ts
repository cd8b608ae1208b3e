import type { FastifyInstance } from 'fastify';
import { createWebServer } from './http/create-server.ts';
import type { WebContext } from './web-context.ts';

/** Bytes of a body: a passphrase with its keys. */
const BODY_LIMIT = 64 * 1024;

/** The server for the owners of instances, told apart by the host that they ask for. */
export async function createPublicServer(context: WebContext): Promise<FastifyInstance> {
  const { trustedProxies } = context.config.serve;
  const app = createWebServer({ trustedProxies, bodyLimit: BODY_LIMIT });
  return app;
}
