import type { FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';

const JSON_TYPES = ['application/json', 'application/vnd.api+json'];

/** Whether a client would rather have JSON than a page. A client that does not say gets a page. */
export function wantsJson(request: Pick<FastifyRequest, 'headers'>): boolean {
  const preferred = new Negotiator(request).mediaType(['text/html', ...JSON_TYPES]);
  return preferred !== undefined && JSON_TYPES.includes(preferred);
}
