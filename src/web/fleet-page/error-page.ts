import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import { statusText } from '../http/create-server.ts';
import { type WebFailure, webFailure } from '../http/failure.ts';
import { prefersPage } from '../http/prefers-page.ts';
import type { WebContext } from '../web-context.ts';
import type { PageContent } from './page-shell.ts';
import { sendPage } from './send-page.ts';

/** What is read above what went wrong. */
function titleOf({ status }: WebFailure): string {
  switch (status) {
    case 403:
      return 'Not allowed';
    case 404:
      return 'Not found';
    case 413:
      return 'Too large';
    case 429:
      return 'Too many tries';
    case 503:
      return 'Away for the moment';
    default:
      return status >= 500 ? 'Something went wrong' : 'That cannot be done';
  }
}

/** A page that says what went wrong, and what can be done. */
export function errorPage(failure: WebFailure): PageContent {
  const { status, message, advice, retryAfter } = failure;
  const again =
    retryAfter === undefined
      ? ''
      : html`<p>It is looked for all the time. <a class="button" href="">Try again</a></p>`;
  const main = html`<div class="card stop">
<p class="lead">${sentence(message)}</p>
!${advice === '' ? '' : html`<p>${sentence(advice)}</p>`}
!${again}
<p class="faint">${status} ${statusText(status)}</p>
</div>
<p><a href="/fleet">To the overview</a></p>`;
  return { title: titleOf(failure), main };
}

/** Begins as a sentence does, and ends as one. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

type Handler = (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** Answers whatever is thrown by a route of pages: with a page, or with JSON where none is wanted. */
export function failureHandler({ log }: WebContext): Handler {
  return async (error, request, reply) => {
    const failure = webFailure(error);
    const { status, code, message, advice, retryAfter } = failure;
    // The route and not the path: what is asked for may hold what is nobody's business.
    if (status === 500) log.error('a page failed', { route: request.routeOptions.url, error });
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
    reply.code(status);
    if (!prefersPage(request)) return { error: { code, message, ...(advice && { advice }) } };
    const isSignedIn = request.operatorSession !== undefined;
    return await sendPage(request, reply, errorPage(failure), { isSignedIn });
  };
}
