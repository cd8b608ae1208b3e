import type { FastifyInstance } from 'fastify';
import { addRouteConstraint } from '../http/route-constraint.ts';

/** The parameter of a registration link. */
const PARAMETER = 'registerToken';

/** Name of the constraint. */
const TOKEN_IN_QUERY = 'tokenInQuery';

/** For routes that answer registration links only. */
export const ONLY_WITH_TOKEN: Readonly<Record<string, string>> = { [TOKEN_IN_QUERY]: 'given' };

/** Characters of a target that are looked at. */
const MOST_CHARACTERS = 4_096;

/** The register token in the target of a request; undefined where there is none. The first of several counts. */
export function tokenInQuery(target: string): string | undefined {
  const at = target.indexOf('?');
  if (at < 0 || target.length > MOST_CHARACTERS) return undefined;
  return new URLSearchParams(target.slice(at + 1)).get(PARAMETER) ?? undefined;
}

/** Lets routes be for registration links alone, so that their paths stay free for whatever else is asked of them. */
export function addTokenConstraint(app: FastifyInstance): void {
  addRouteConstraint(app, {
    name: TOKEN_IN_QUERY,
    deriveValue: (request) => (tokenInQuery(request.url ?? '') === undefined ? undefined : 'given'),
  });
}
