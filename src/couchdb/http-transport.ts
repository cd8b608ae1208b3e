import * as http from 'node:http';
import * as https from 'node:https';
import { onAbort } from './on-abort.ts';
import { SecureAgent } from './tls.ts';
import {
  type Exchange,
  exchangeOf,
  type Method,
  requestBase,
  type Transport,
  type TransportOptions,
} from './transport.ts';

/**
 * Plain `node:http` with a bounded keep-alive pool: for who sends few requests and must start at once, that is, for
 * commands (`dispatch-transport.ts` is for the others). Every call goes this way, for it hands on what was sent:
 * nano's `fetch` costs about three times the CPU (`docs/performance.md` §3), takes half a
 * JSON body for an empty one, and never ends a call whose body of another type is cut.
 */
export function createHttpTransport({ url, connections, connect }: TransportOptions): Transport {
  const base = requestBase(url);
  const { protocol, hostname, port } = base.url;
  const client = protocol === 'https:' ? https : http;
  const pool = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
  const agent = client === https ? new SecureAgent(connect, pool) : new http.Agent(pool);
  const { headers } = base;

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
          hostname: hostname.replace(/^\[|\]$/g, ''),
          port,
          path: base.path + target,
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
            else resolve(exchangeOf(rawAnswer(response, chunks)));
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

function rawAnswer({ statusCode = 0, headers }: http.IncomingMessage, chunks: readonly Buffer[]) {
  return {
    status: statusCode,
    contentType: headers['content-type'],
    retryAfter: headers['retry-after'],
    chunks,
  };
}
