import * as http from 'node:http';
import * as https from 'node:https';
import type { CouchTls } from '../config/couch-tls.ts';
import { createConnector, SecureAgent } from './tls.ts';

/**
 * What a server takes for the time, in milliseconds since 1970, from the `Date` of an answer to `/_up`; undefined where
 * it has none. Asked without credentials, so that it never counts as a login. It says whole seconds.
 * @throws the socket's error, or the signal's reason
 */
export async function serverDate(
  url: string,
  tls: CouchTls | undefined,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { protocol, hostname, port, pathname } = new URL(url);
  const isSecure = protocol === 'https:';
  const agent = isSecure ? new SecureAgent(createConnector(tls), {}) : new http.Agent();
  const options = {
    agent,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port || (isSecure ? '443' : '80'),
    path: `${pathname.replace(/\/$/, '')}/_up`,
    signal,
  };
  try {
    return await new Promise((resolve, reject) => {
      const request = (isSecure ? https : http).get(options, (response) => {
        resolve(dateOf(response.headers.date));
        response.resume();
      });
      request.on('error', reject);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  } finally {
    agent.destroy();
  }
}

function dateOf(header: string | undefined): number | undefined {
  const at = Date.parse(header ?? '');
  return Number.isNaN(at) ? undefined : at;
}
