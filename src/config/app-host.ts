import { parseUrl } from './parse-url.ts';

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
