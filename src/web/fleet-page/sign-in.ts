import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import * as z from 'zod';
import { SIGN_IN_PATH } from '../auth/fleet-guard.ts';
import {
  newSession,
  SESSION_COOKIE,
  SESSION_SECONDS,
  sealSession,
  signOut,
} from '../auth/operator-session.ts';
import { safePath } from '../auth/safe-path.ts';
import type { WebContext } from '../web-context.ts';
import { leadTo, sendPage } from './shell/send-page.ts';

/** Bytes of the form: a passphrase and a path. */
const BODY_LIMIT = 8 * 1024;

const query = z.object({ next: z.string().optional().catch(undefined) });
/** A body of another shape is one without a passphrase. */
const form = z
  .object({ passphrase: z.string().catch(''), next: z.string().optional().catch(undefined) })
  .catch({ passphrase: '' });

const OPEN = { config: { open: true }, bodyLimit: BODY_LIMIT };

/** The form to sign in, and the ways in and out. */
export async function signIn(app: FastifyInstance, context: WebContext): Promise<void> {
  app.get(SIGN_IN_PATH, OPEN, async (request, reply) => {
    const { next } = query.parse(request.query);
    return await sendForm(request, reply, next, '');
  });

  app.post(SIGN_IN_PATH, OPEN, async (request, reply) => {
    const { passphrase, next } = form.parse(request.body);
    const verdict = passphrase === '' ? 'wrong' : await context.operator.verify(passphrase, request.ip);
    switch (verdict) {
      case 'right':
        await keep(context, request, reply);
        return await leadTo(reply, safePath(next));
      case 'wrong':
        reply.code(403);
        return await sendForm(request, reply, next, 'That is not the passphrase.');
      case 'limited':
        reply.code(429);
        return await sendForm(
          request,
          reply,
          next,
          'Too many wrong passphrases came from your address. Wait for some minutes.',
        );
      default:
        return verdict satisfies never;
    }
  });

  app.post('/fleet/sign-out', async (request, reply) => {
    if (request.operatorSession !== undefined) {
      await signOut(await context.fleet(), request.operatorSession);
    }
    reply.clearCookie(SESSION_COOKIE, { path: '/fleet' });
    return await leadTo(reply, SIGN_IN_PATH);
  });
}

async function keep({ operator }: WebContext, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.setCookie(SESSION_COOKIE, await sealSession(operator, newSession(Date.now())), {
    path: '/fleet',
    httpOnly: true,
    sameSite: 'strict',
    secure: request.protocol === 'https',
    maxAge: SESSION_SECONDS,
  });
}

async function sendForm(
  request: FastifyRequest,
  reply: FastifyReply,
  next: string | undefined,
  problem: string,
): Promise<FastifyReply> {
  const wrong = problem === '' ? '' : html`<p class="problem" id="problem" role="alert">${problem}</p>`;
  const described = problem === '' ? '' : html`aria-invalid="true" aria-describedby="problem"`;
  const main = html`<form class="card sign-in" method="post" action="${SIGN_IN_PATH}">
!${wrong}
<input type="hidden" name="next" value="${safePath(next)}">
<input type="text" name="username" value="admin" autocomplete="username" hidden>
<label for="passphrase">Admin passphrase</label>
<input id="passphrase" name="passphrase" type="password" autocomplete="current-password" required autofocus !${described}>
<button class="primary">Sign in</button>
<p class="faint">It is the one that the stack's admin commands take. You stay signed in for 12 hours.</p>
</form>`;
  return await sendPage(request, reply, { title: 'Sign in', main }, { csrf: undefined, isSignedIn: false });
}
