import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Signal } from './chaos-signal.ts';

/** Which request is held, and where. */
export interface HoldRule {
  readonly method: string;
  /** Compared with the decoded path, without the query. */
  readonly path: RegExp;
  /** Before the server has seen it, or when the server has done it and only the answer is missing. */
  readonly at: 'before' | 'after';
  /** Which of the matching requests, from 1. */
  readonly nth?: number;
}

/** One request that waits at the gate, or will. */
export interface Hold {
  /** Fulfilled when the request is held. */
  readonly reached: Promise<void>;
  /** The server's status for it, once it was let through. */
  readonly status: Promise<number>;
  /** Lets it through. */
  release(): void;
}

/** Stands between a worker and CouchDB, so that a worker can be caught in the middle of a stage. */
export interface Gate {
  /** The server's URL, credentials included, by way of the gate. */
  readonly url: string;
  /** Holds one request, once. */
  hold(rule: HoldRule): Hold;
  /** Requests that are held are dropped. */
  close(): Promise<void>;
}

interface Waiting {
  readonly rule: HoldRule;
  readonly reached: Signal<void>;
  readonly released: Signal<void>;
  readonly status: Signal<number>;
  seen: number;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export async function openGate(serverUrl: string): Promise<Gate> {
  const target = new URL(serverUrl);
  const agent = new Agent({ keepAlive: true });
  const holds: Waiting[] = [];

  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const gone = new AbortController();
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) gone.abort(new Error('the client has gone'));
    });
    const body = await buffer(incoming);
    const waiting = holdFor(incoming);
    if (waiting?.rule.at === 'before') await held(waiting, gone.signal);
    const answer = await forward(incoming, body);
    waiting?.status.give(answer.status);
    if (waiting?.rule.at === 'after') await held(waiting, gone.signal);
    const { 'transfer-encoding': _chunked, connection: _connection, ...headers } = answer.headers;
    outgoing.writeHead(answer.status, { ...headers, 'content-length': answer.body.length });
    outgoing.end(answer.body);
  }

  function holdFor({ method = '', url = '' }: IncomingMessage): Waiting | undefined {
    const path = decodeURIComponent(url.replace(/\?.*$/s, ''));
    for (const hold of holds) {
      if (hold.rule.method !== method || !hold.rule.path.test(path)) continue;
      hold.seen += 1;
      if (hold.seen === (hold.rule.nth ?? 1)) return hold;
    }
    return undefined;
  }

  /** A killed worker's request goes no further: it was never sent, or its answer has no reader. */
  async function held({ reached, released }: Waiting, gone: AbortSignal): Promise<void> {
    reached.give();
    await released.orUntil(gone);
  }

  function forward({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    const { connection: _connection, 'transfer-encoding': _chunked, ...kept } = headers;
    return new Promise((resolve, reject) => {
      const onward = request(
        {
          agent,
          host: target.hostname,
          port: target.port,
          method,
          path: url,
          headers: { ...kept, host: target.host, 'content-length': body.length },
        },
        (response) => {
          buffer(response).then(
            (text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
            reject,
          );
        },
      );
      onward.once('error', reject);
      onward.end(body);
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const own = new URL(serverUrl);
  own.host = `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;

  return {
    url: own.toString().replace(/\/$/, ''),
    hold(rule) {
      const waiting = { rule, reached: new Signal<void>(), released: new Signal<void>(), seen: 0 };
      const status = new Signal<number>();
      holds.push(Object.assign(waiting, { status }));
      return {
        reached: waiting.reached.given,
        status: status.given,
        release: () => waiting.released.give(),
      };
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}
