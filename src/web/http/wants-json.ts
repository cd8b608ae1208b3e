import type { FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { prefersPage } from './prefers-page.ts';

const JSON_TYPES = ['application/json', 'application/vnd.api+json'];

const BEARER = /^bearer /i;

/**
 * Whether a client would rather have JSON than a page. A client that does not say gets a page, unless it shows a token as
 * no browser does that goes to a page: the stack's command prints what it is answered.
 */
export function wantsJson(request: Pick<FastifyRequest, 'headers'>): boolean {
  if (BEARER.test(request.headers.authorization ?? '') && !prefersPage(request)) return true;
  const preferred = new Negotiator(request).mediaType(['text/html', ...JSON_TYPES]);
  return preferred !== undefined && JSON_TYPES.includes(preferred);
}
