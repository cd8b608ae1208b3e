import cookie from '@fastify/cookie';
import csrfProtection from '@fastify/csrf-protection';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { FleetError } from '../../errors.ts';
import { prefersPage } from '../http/prefers-page.ts';
import type { WebContext } from '../web-context.ts';
import { admittedByBasic } from './admitted.ts';
import { changesSomething, isForeign } from './foreign-request.ts';
import { isSignedOut, type OperatorSession, readSession, SESSION_COOKIE } from './operator-session.ts';
import { safePath } from './safe-path.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the operator who asks; undefined where a program brought its credentials. */
    operatorSession: OperatorSession | undefined;
  }
  interface FastifyContextConfig {
    /** Whether a route below the guard is open to everybody, as the form to sign in is. */
    open?: boolean;
  }
}

/** Page with the form to sign in. */
export const SIGN_IN_PATH = '/fleet/sign-in';

/**
 * Lets nobody but the operator to the routes that are added to this server, or this part of one, from now on: by the cookie of a
 * sign-in or by Basic credentials. What changes something must not come from another site's page, and with the cookie it must
 * bring the token of a form of ours, in the field `_csrf` or the header `x-csrf-token`.
 */
export async function fleetGuard(app: FastifyInstance, context: WebContext): Promise<void> {
  await app.register(cookie);
  // The session is itself the secret that its tokens are made of: they end with it, and hold in any process.
  await app.register(csrfProtection, { cookieKey: SESSION_COOKIE });
  app.decorateRequest('operatorSession', undefined);

  app.addHook('onRequest', async (request, reply) => {
    if (changesSomething(request) && isForeign(request)) {
      throw new FleetError(
        'foreign_request',
        'The request comes from a page of another site',
        'Open the fleet page itself, and do it there.',
      );
    }
    if (request.routeOptions.config.open) return;
    request.operatorSession = await currentSession(context, request);
    if (request.operatorSession === undefined) return await admitProgram(context, request, reply);
  });

  app.addHook('preHandler', (request, reply, done) => {
    if (request.operatorSession === undefined || !changesSomething(request)) done();
    else app.csrfProtection(request, reply, done);
  });
}

/** The session of whoever asks; undefined where there is none, or it has ended. @throws FleetError where Redis is away */
async function currentSession(
  { operator, fleet }: WebContext,
  request: FastifyRequest,
): Promise<OperatorSession | undefined> {
  const session = await readSession(operator, request.cookies[SESSION_COOKIE], Date.now());
  if (session === undefined || (await isSignedOut(await fleet(), session))) return undefined;
  return session;
}

async function admitProgram(
  { operator }: WebContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const admission = await admittedByBasic(operator, request);
  switch (admission) {
    case 'admitted':
      return undefined;
    case 'limited':
      throw new FleetError(
        'too_many_attempts',
        'Too many wrong passphrases came from this address',
        'Wait for a minute.',
      );
    case 'wrong':
      throw new FleetError(
        'wrong_admin_passphrase',
        'The passphrase is wrong',
        'A new one is set by: cozy-fleet serve passwd --force.',
      );
    case 'nobody':
      if (!prefersPage(request)) {
        throw new FleetError('no_credentials', 'The admin passphrase is needed, as Basic credentials');
      }
      return reply.code(303).header('cache-control', 'no-store').redirect(signInPath(request), 303);
    default:
      return admission satisfies never;
  }
}

/** What was sent cannot be sent again: only pages are come back to. */
function signInPath(request: FastifyRequest): string {
  const next = changesSomething(request) ? undefined : request.url;
  return next === undefined ? SIGN_IN_PATH : `${SIGN_IN_PATH}?next=${encodeURIComponent(safePath(next))}`;
}
