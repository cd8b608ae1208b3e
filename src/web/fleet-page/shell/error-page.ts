import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import { problemOf } from '../../fleet-api/problem.ts';
import { statusText } from '../../http/create-server.ts';
import { type WebFailure, webFailure } from '../../http/failure.ts';
import { prefersPage } from '../../http/prefers-page.ts';
import type { WebContext } from '../../web-context.ts';
import { type PageContent, sentence } from './page-shell.ts';
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
function errorPage(failure: WebFailure): PageContent {
  const { status, message, advice, retryAfter } = failure;
  const again =
    status !== 503 || retryAfter === undefined
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

type Handler = (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** Answers whatever is thrown by a route of pages: with a page, or with JSON where none is wanted. */
export function failureHandler({ log }: WebContext): Handler {
  return async (error, request, reply) => {
    const { status, headers, problem } = problemOf(error);
    // The route and not the path: what is asked for may hold what is nobody's business.
    if (status === 500) log.error('a page failed', { route: request.routeOptions.url, error });
    reply.code(status).headers(headers);
    if (!prefersPage(request)) return problem;
    const isSignedIn = request.operatorSession !== undefined;
    return await sendPage(request, reply, errorPage({ ...webFailure(error), status }), { isSignedIn });
  };
}
