import { Agent, request } from 'node:http';

/** An exchange without anything that is not needed to be sure it went well. */
export interface RawHttp {
  /** Requests sent so far. */
  readonly sent: number;
  /** @returns the body; parsing it is up to whoever needs it. @throws when the status is not of the 2xx. */
  send(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: string): Promise<string>;
  close(): void;
}

/** Plain `node:http` with keep-alive: the least a JavaScript client can do. */
export function openRawHttp(url: string, connections: number): RawHttp {
  const { hostname, port, username, password, protocol } = new URL(url);
  if (protocol !== 'http:') throw new Error('the raw floor is measured over plain http');
  const agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });
  const authorization = `Basic ${Buffer.from(
    `${decodeURIComponent(username)}:${decodeURIComponent(password)}`,
  ).toString('base64')}`;
  let sent = 0;
  return {
    get sent() {
      return sent;
    },
    send(method, path, body = '') {
      sent += 1;
      return new Promise((resolve, reject) => {
        const payload = Buffer.from(body);
        const headers = {
          authorization,
          'content-type': 'application/json',
          'content-length': payload.length,
        };
        const exchange = request({ agent, method, hostname, port, path, headers }, (response) => {
          const { statusCode = 0 } = response;
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('error', reject);
          response.on('end', () => {
            if (statusCode >= 200 && statusCode < 300) resolve(text);
            else reject(new Error(`${method} ${path} answered ${statusCode}: ${text.slice(0, 200)}`));
          });
        });
        exchange.on('error', reject);
        exchange.end(payload);
      });
    },
    close: () => agent.destroy(),
  };
}
