import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { createProxyServer } from 'http-proxy-3';
import { jsonErrors } from '../http/json-errors.ts';
import { keepChunked } from '../http/keep-chunked.ts';
import { hasComeBack, passedOn } from '../http/passed-on.ts';
import type { WebContext } from '../web-context.ts';
import { plainError, stackError } from './messages/error-json.ts';
import { JSON_API } from './messages/instance-json.ts';
import { passUpgradesOn } from './other-upgrades.ts';

/** Routes of a stack that would otherwise be taken for the name of an instance. */
const BESIDE_INSTANCES = ['/instances/assets', '/instances/oauth_client'];

/**
 * Whatever is no route of ours: passed on, with its credentials, to the admin port of a running stack, or 404. Bodies
 * and answers are piped as they come; nothing is kept of them.
 */
export async function otherRoutes(app: FastifyInstance, context: WebContext): Promise<void> {
  const { config, log } = context;
  const { adminUpstream } = config.serve;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
  if (adminUpstream === undefined) {
    const refuse = async (): Promise<never> => {
      throw plainError(404, 'This server has no such route');
    };
    routeOthers(app, refuse);
    return;
  }

  // A stack may take its time, and what it answers is its own affair.
  const proxy = createProxyServer({ target: adminUpstream, proxyTimeout: 0, timeout: 0, xfwd: false });
  keepChunked(proxy);
  proxy.on('error', (error: Error, _request: IncomingMessage, response) => {
    log.warn('the stack does not answer', { upstream: adminUpstream, error });
    if (response instanceof Socket) {
      response.destroy();
      return;
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const answer = stackError(plainError(502, 'The stack behind this server does not answer'));
    response.writeHead(answer.status, { 'content-type': JSON_API });
    response.end(JSON.stringify(jsonErrors(answer)));
  });

  const endUpgrades = passUpgradesOn(app.server, proxy, context);
  app.addHook('preClose', async () => endUpgrades());

  const passOn = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (hasComeBack(request)) throw plainError(508, 'The request has come back to this server');
    reply.hijack();
    // Its body is on its way: a stack that believed that it waits would close the connection, and its answer be lost.
    delete request.raw.headers.expect;
    const client = { address: request.ip, scheme: request.protocol };
    proxy.web(request.raw, reply.raw, { headers: passedOn(request, client) });
  };

  routeOthers(app, passOn);
}

function routeOthers(app: FastifyInstance, handler: RouteHandlerMethod): void {
  for (const path of BESIDE_INSTANCES) app.get(path, handler);
  app.all('/*', handler);
}
