import { parseUrl } from './parse-url.ts';
import { withoutTrailingSlashes } from './trailing-slashes.ts';

/**
 * A URL as it may be shown: scheme, host, port and path, without credentials and without query
 * (Swift passes its password there). Text that is no URL is not repeated, it may hold a password.
 */
export function redactUrl(url: string): string {
  const parsed = parseUrl(url);
  if (parsed === undefined) return '(not a URL)';
  return withoutTrailingSlashes(`${parsed.protocol}//${parsed.host}${parsed.pathname}`);
}

/** Host and port of a CouchDB URL, for confirmations and messages; the scheme's own port is left out. */
export function couchHost(url: string): string {
  return parseUrl(url)?.host ?? '(not a URL)';
}
