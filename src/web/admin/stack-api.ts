import type { FastifyInstance } from 'fastify';
import type { Denial } from '../auth/require-operator.ts';
import { requireOperator } from '../auth/require-operator.ts';
import type { WebContext } from '../web-context.ts';
import { changeRoutes } from './change-routes.ts';
import { contextRoutes } from './context-routes.ts';
import { fsckRoute } from './fsck-route.ts';
import { instanceRoutes } from './instance-routes.ts';
import { type AnswerError, plainError, sendError, stackError } from './messages/error-json.ts';
import { metricsRoute } from './metrics-route.ts';
import { otherRoutes } from './other-routes.ts';
import { sharedFlagRoutes } from './shared-flag-routes.ts';
import { tokenRoute } from './token-route.ts';
import { versionRoute } from './version-route.ts';

/** Seconds after which wrong passphrases are forgotten. */
const LIMITED_SECONDS = 60;

/** By which nobody keeps an answer, or makes a page of it. */
export const JSON_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
} as const;

/** Some routes of the API; each is registered in a part of its own. */
export type ApiRoutes = (app: FastifyInstance, context: WebContext) => void | Promise<void>;

const ROUTES: readonly ApiRoutes[] = [
  instanceRoutes,
  changeRoutes,
  fsckRoute,
  contextRoutes,
  sharedFlagRoutes,
  tokenRoute,
  versionRoute,
  metricsRoute,
];

/**
 * The admin API of a stack (`docs/admin-api.md` §2), for programs: the operator's passphrase with each request, JSON
 * for each answer. What is none of ours goes to a stack's own admin port, where one is configured.
 * @param more routes that are ours as well
 */
export async function stackApi(
  app: FastifyInstance,
  context: WebContext,
  more: readonly ApiRoutes[] = [],
): Promise<void> {
  asJson(app, context);
  requireOperator(app, context.operator, deny);
  await app.register(async (ours) => {
    takeAnyBody(ours);
    for (const routes of [...ROUTES, ...more]) await routes(ours, context);
  });
  await app.register(async (others) => otherRoutes(others, context));
}

/** Whatever goes wrong is told in JSON, and what the server itself is to blame for is logged, without its query. */
function asJson(app: FastifyInstance, { log }: Pick<WebContext, 'log'>): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(JSON_HEADERS);
  });
  app.setErrorHandler(async (error: Error, request, reply) => {
    if (stackError(error).status >= 500)
      log.error('request failed', {
        method: request.method,
        route: request.routeOptions.url,
        error,
      });

    await sendError(reply, error);
  });
}

/**
 * A body of any type is read, and ignored by most routes: some clients say that they send JSON and send nothing.
 * Routes that want JSON read it themselves (`messages/json-body.ts`).
 */
function takeAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

/** Without `WWW-Authenticate`: no browser is to ask for a passphrase that it would send along from then on. */
function deny(denial: Denial): never {
  throw denialOf(denial);
}

/** What whoever is not admitted is answered. */
export function denialOf(denial: Denial): AnswerError {
  switch (denial) {
    case 'nobody':
      return plainError(401, 'missing basic auth');
    case 'wrong':
      return plainError(403, 'bad passphrase');
    case 'limited':
      return plainError(429, 'Too many wrong passphrases came from this address', LIMITED_SECONDS);
    default:
      return denial satisfies never;
  }
}
