import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Constraint of routes that answer with a page: `constraints: { prefers: PAGE }`. Beside a route without it on the same
 * path, they get those requests that name pages, as browsers do; programs that do not say get JSON.
 */
export const PAGE = 'page';

type Strategy = Parameters<FastifyInstance['addConstraintStrategy']>[0];
type Store = ReturnType<Strategy['storage']>;
type Handler = Parameters<Store['set']>[1];

const NAMES_HTML = /(?:^|,)\s*text\/html\s*(?:;|,|$)/i;

/** Whether a client names pages among what it takes. */
export function prefersPage({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return NAMES_HTML.test(headers.accept ?? '');
}

/** Teaches the router of a server that constraint; to be called before the routes that have it. */
export function addPagePreference(app: FastifyInstance): void {
  if (app.hasConstraintStrategy('prefers')) return;
  app.addConstraintStrategy({
    name: 'prefers',
    storage() {
      const handlers = new Map<unknown, Handler>();
      return {
        get: (type) => handlers.get(type) ?? null,
        set: (type, handler) => void handlers.set(type, handler),
      };
    },
    deriveConstraint: (request: Pick<FastifyRequest, 'headers'>) => (prefersPage(request) ? PAGE : undefined),
    validate: () => undefined,
  });
}
