import { isIP } from 'node:net';

/**
 * `new URL` without its exception, which carries the text, passwords included.
 * (`URL.parse` is younger than the oldest Node we run on.)
 */
export function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** A URL of one of these schemes, with a host and with credentials that can be decoded; undefined for any other text. */
export function urlWithScheme(value: string, schemes: readonly string[]): URL | undefined {
  const url = parseUrl(value);
  if (url === undefined || !schemes.includes(url.protocol) || url.host === '') return undefined;
  try {
    decodeURIComponent(`${url.username}${url.password}`);
    return url;
  } catch {
    return undefined;
  }
}

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

/** The text without the slashes at its end. Its time is linear: an expression for that tries anew at each slash. */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end -= 1;
  return text.slice(0, end);
}

const WITH_PORT = /^(?<host>\[[0-9a-f:.]{2,45}\]|[^:/@\s?#]{1,255})(?::(?<port>\d{1,5}))?$/i;

/**
 * A host in one form: lower case, addresses as they are written usually (`0x7f.1` is `127.0.0.1`), no dot at its
 * end; an IPv6 address in brackets. Undefined for what is none.
 */
export function normaliseHost(host: string): string | undefined {
  const found = parseUrl(`https://${host}/`)?.hostname;
  return found?.endsWith('.') ? found.slice(0, -1) : found;
}

/** `host` or `host:port` in one form; undefined for anything else. */
export function parseAppHost(text: string): string | undefined {
  const { host = '', port } = WITH_PORT.exec(text.trim())?.groups ?? {};
  const known = host === '' ? undefined : normaliseHost(host);
  if (known === undefined || known === '') return undefined;
  return port === undefined ? known : `${known}:${Number(port)}`;
}

/** Whether a text is an IP address, or one with the number of bits that count, such as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
