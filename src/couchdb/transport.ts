import * as http from 'node:http';
import * as https from 'node:https';

/** One HTTP exchange with CouchDB; the body is the parsed JSON. */
export interface Exchange {
  readonly status: number;
  readonly body: unknown;
}

export interface Transport {
  /** @throws the socket's own error when there is no answer, the signal's reason when it is aborted. */
  send(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<Exchange>;
  close(): void;
}

export interface TransportOptions {
  /** With credentials, as configured. */
  readonly url: string;
  /** Most sockets at a time; further requests wait for one. */
  readonly connections: number;
  /** Milliseconds without a byte from the server before a request is given up. */
  readonly timeout: number;
}

/**
 * Plain `node:http` with a bounded keep-alive pool, for the few calls that make up nearly every
 * request: nano's `fetch` costs about three times the CPU (design §3, "Fewer requests than the stack").
 */
export function createTransport({ url, connections, timeout }: TransportOptions): Transport {
  const base = new URL(url);
  const client = base.protocol === 'https:' ? https : http;
  const agent = new client.Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });
  const path = base.pathname.replace(/\/$/, '');
  const headers: Record<string, string> = { accept: 'application/json' };
  if (base.username !== '') {
    const credentials = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }

  function send(method: string, target: string, body?: unknown, signal?: AbortSignal): Promise<Exchange> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const request = client.request(
        {
          agent,
          method,
          hostname: base.hostname.replace(/^\[|\]$/g, ''),
          port: base.port,
          path: path + target,
          timeout,
          headers:
            payload === undefined
              ? headers
              : { ...headers, 'content-type': 'application/json', 'content-length': payload.length },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks)) });
          });
        },
      );
      request.on('timeout', () => request.destroy(new Error(`no answer within ${timeout} ms`)));
      request.on('error', (error) => reject(signal?.aborted === true ? signal.reason : error));
      if (signal !== undefined) {
        // Not the `signal` option: that one listens to every stream of the request, for a tenth of its CPU.
        const abort = () => request.destroy(new Error('aborted'));
        signal.addEventListener('abort', abort, { once: true });
        request.on('close', () => signal.removeEventListener('abort', abort));
      }
      request.end(payload);
    });
  }

  return { send, close: () => agent.destroy() };
}

/** A proxy's HTML page must not break us where its status already says enough. */
function parsed(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch {
    return undefined;
  }
}
