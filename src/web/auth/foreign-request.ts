import type { FastifyRequest } from 'fastify';

/** Methods that change nothing, so that anybody's page may lead to them. */
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export function changesSomething({ method }: Pick<FastifyRequest, 'method'>): boolean {
  return !READING.has(method);
}

/**
 * Whether a browser says that another site's page sent a request. A page of the same site is foreign, too: instances and
 * their applications may be served beside the fleet page, under names of one site. Programs say nothing, and pass.
 */
export function isForeign({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  // Browsers send it to https and localhost alone; to other servers they name the page's origin with what changes something.
  return headers.origin !== undefined && hostOf(headers.origin) !== headers.host?.toLowerCase();
}

/** Host and port of an origin; undefined for `null` and what is none. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
