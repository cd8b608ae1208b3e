import type { FastifyInstance, FastifyRequest } from 'fastify';
import { addRouteConstraint } from './route-constraint.ts';

/**
 * Constraint of routes that answer with a page: `constraints: { prefers: PAGE }`. Beside a route without it on the same
 * path, they get those requests that name pages, as browsers do; programs that do not say get JSON.
 */
export const PAGE = 'page';

const NAMES_HTML = /(?:^|,)\s*text\/html\s*(?:;|,|$)/i;

/** Whether a client names pages among what it takes. */
export function prefersPage({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return NAMES_HTML.test(headers.accept ?? '');
}

/** Teaches the router of a server that constraint; to be called before the routes that have it. */
export function addPagePreference(app: FastifyInstance): void {
  addRouteConstraint(app, {
    name: 'prefers',
    deriveValue: (request: Pick<FastifyRequest, 'headers'>) => (prefersPage(request) ? PAGE : undefined),
  });
}
