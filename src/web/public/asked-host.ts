import type { IncomingMessage } from 'node:http';

/** The host that a request asks for, or why it has none. */
export type AskedHost =
  | { readonly kind: 'host'; readonly host: string }
  /** None, several, or a request target that names another one. */
  | { readonly kind: 'bad' };

/**
 * The host of a request by its header `Host` alone: `X-Forwarded-Host` may come from anybody, and a target that is a
 * whole URL may differ from the header.
 * @param target the request target as it came
 */
export function askedHost(request: Pick<IncomingMessage, 'headersDistinct'>, target: string): AskedHost {
  const [host, ...others] = request.headersDistinct['host'] ?? [];
  if (host === undefined || host === '' || others.length > 0 || !target.startsWith('/'))
    return { kind: 'bad' };
  return { kind: 'host', host };
}
