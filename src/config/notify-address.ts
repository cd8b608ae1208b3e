import { isIP } from 'node:net';
import { urlWithScheme } from './urls.ts';

/** What an address to notify must be, as it follows the name of the flag or key. Never holds the value. */
export const NOTIFY_ADDRESS =
  'must be an https:// URL, or an http:// one of this machine (localhost, 127.0.0.1, [::1])';

/** The address in one form, credentials included; undefined for what is not good. */
export function notifyAddress(text: string): string | undefined {
  const url = urlWithScheme(text, ['https:', 'http:']);
  return url !== undefined && (url.protocol === 'https:' || isLoopback(url.hostname)) ? url.href : undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}
