import * as http from 'node:http';
import * as https from 'node:https';
import { onAbort } from './on-abort.ts';
import { type Connector, SecureAgent } from './tls.ts';

/** One HTTP exchange with the server that answers at CouchDB's address, be it CouchDB or a proxy. */
export interface Exchange {
  readonly status: number;
  /** The parsed JSON; undefined when the body is not JSON from its first byte to its last. */
  readonly body: unknown;
  /** Bytes of the body. */
  readonly length: number;
  /** Media type that the server gave, such as `text/html`, or an empty text. */
  readonly type: string;
  /** Milliseconds of its `Retry-After`. */
  readonly retryAfter: number | undefined;
}

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

export interface Transport {
  /**
   * @param timeout milliseconds without a byte from the server before the request is given up
   * @throws the socket's own error when there is no whole answer, the signal's reason when it is aborted.
   */
  send(
    method: Method,
    path: string,
    timeout: number,
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
  /** Opens connections over TLS. */
  readonly connect: Connector;
}

/**
 * Plain `node:http` with a bounded keep-alive pool. Every call goes this way, for it hands on what was sent:
 * nano's `fetch` costs about three times the CPU (`docs/performance.md` §3), takes half a
 * JSON body for an empty one, and never ends a call whose body of another type is cut.
 */
export function createTransport({ url, connections, connect }: TransportOptions): Transport {
  const base = new URL(url);
  const client = base.protocol === 'https:' ? https : http;
  const pool = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
  const agent = client === https ? new SecureAgent(connect, pool) : new http.Agent(pool);
  const path = base.pathname.replace(/\/$/, '');
  // What a cache remembers may be from before our own writes.
  const headers: Record<string, string> = { accept: 'application/json', 'cache-control': 'no-cache' };
  if (base.username !== '') {
    const credentials = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }

  function send(
    method: Method,
    target: string,
    timeout: number,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<Exchange> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      let late = false;
      const fail = (error: Error) => {
        if (signal?.aborted === true) reject(signal.reason);
        else reject(late ? new Error(`no answer within ${timeout} ms`) : error);
      };
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
          response.on('error', fail);
          response.on('end', () => {
            if (!response.complete) fail(new Error('the answer was cut short'));
            else resolve(exchangeOf(response, Buffer.concat(chunks)));
          });
        },
      );
      request.on('timeout', () => {
        late = true;
        request.destroy(new Error('no answer'));
      });
      request.on('error', fail);
      if (signal !== undefined) {
        // Not the `signal` option: that one listens to every stream of the request, for a tenth of its CPU.
        const abort = () => {
          request.destroy(new Error('aborted'));
          // One that has no socket yet would tell of its end only when it gets one.
          reject(signal.reason);
        };
        request.on('close', onAbort(signal, abort));
      }
      request.end(payload);
    });
  }

  return { send, close: () => agent.destroy() };
}

function exchangeOf({ statusCode = 0, headers }: http.IncomingMessage, raw: Buffer): Exchange {
  return {
    status: statusCode,
    body: parsed(raw),
    length: raw.length,
    type: /^[\w.+-]{1,40}\/[\w.+-]{1,60}/.exec(headers['content-type'] ?? '')?.[0] ?? '',
    retryAfter: retryAfterOf(headers['retry-after']),
  };
}

function parsed(raw: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(raw.toString('utf8'));
    return value;
  } catch {
    return undefined;
  }
}

/** Seconds or a date, as HTTP has it. */
function retryAfterOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,6}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
