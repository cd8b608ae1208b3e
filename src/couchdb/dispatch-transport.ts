import { Client, type Dispatcher } from 'undici';
import { errnoOf } from '../errno.ts';
import { onAbort } from './on-abort.ts';
import type { Connector, ConnectResult } from './tls.ts';
import {
  type Exchange,
  exchangeOf,
  type Method,
  requestBase,
  type Transport,
  type TransportOptions,
} from './transport.ts';

/** Milliseconds after which a connection that is not used is closed by us, before a server or proxy does it. */
const IDLE_MS = 4_000;

/**
 * undici's dispatch with a bounded number of kept connections: half the CPU of `node:http` for each request, and 80 ms
 * to be loaded. So it is for who runs for long: workers and servers import it and hand it in. It behaves as
 * `http-transport.ts` does; a request that may have been sent is never sent again.
 */
export function createDispatchTransport({ url, connections, connect }: TransportOptions): Transport {
  const base = requestBase(url);
  const plain = Object.entries(base.headers).flat();
  const withBody = [...plain, 'content-type', 'application/json'];
  const clients = new Set<Client>();
  const free: Client[] = [];
  const waiting: Call[] = [];
  let isClosed = false;

  /** One connection; undici opens it anew when it was closed. */
  function addClient(): Client {
    const client = new Client(base.url.origin, {
      connect: withToldErrors(connect),
      keepAliveTimeout: IDLE_MS,
      // Silence is ours to measure: undici's begins when a request has been sent, and its clock is coarse.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    clients.add(client);
    return client;
  }

  function start(call: Call, client: Client): void {
    call.start(client, (isFree) => {
      if (isFree) free.push(client);
      else discard(client);
      startNext();
    });
  }

  /** Silence is counted only once a request has a connection, or may open one: hence our own queue. */
  function startNext(): void {
    while (waiting.length > 0 && (free.length > 0 || clients.size < connections)) {
      const call = waiting.shift();
      // The one that was used last is the least likely to have been closed.
      if (call?.isOver === false) start(call, free.pop() ?? addClient());
    }
  }

  function discard(client: Client): void {
    clients.delete(client);
    // Whoever is still under way is told so by its own error.
    client.destroy().catch(() => undefined);
  }

  return {
    send(method, target, timeout, body, signal) {
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        if (isClosed) throw new Error('the connections are closed');
        const text = body === undefined ? null : JSON.stringify(body);
        const headers = text === null ? plain : withBody;
        const request = { method, path: base.path + target, headers, body: text };
        waiting.push(new Call(request, timeout, resolve, reject, signal));
        startNext();
      });
    },
    close() {
      isClosed = true;
      for (const call of waiting.splice(0)) call.giveUp(new Error('the connections are closed'));
      for (const client of clients) discard(client);
    },
  };
}

/**
 * A certificate for another name ends for undici only those requests that ask for the name of the connection, which none of
 * ours do: they would wait for ever. In other words it is an error as any other.
 */
function withToldErrors(connect: Connector): Connector {
  return (options, callback) =>
    connect(options, (...[error, socket]: ConnectResult) => {
      if (error === null) callback(null, socket);
      else if (errnoOf(error) !== 'ERR_TLS_CERT_ALTNAME_INVALID') callback(error, null);
      else callback(new Error(error.message, { cause: error }), null);
    });
}

interface CallRequest {
  readonly method: Method;
  readonly path: string;
  readonly headers: string[];
  readonly body: string | null;
}

/** One request on its way; ends once, whatever undici says afterwards. */
class Call implements Dispatcher.DispatchHandler {
  /** Whether it has been answered, or given up. */
  isOver = false;
  readonly #request: CallRequest;
  readonly #timeout: number;
  readonly #resolve: (exchange: Exchange) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #forget: (() => void) | undefined;
  #settled: ((isFree: boolean) => void) | undefined;
  #silence: NodeJS.Timeout | undefined;
  #status = 0;
  #contentType: string | undefined;
  #retryAfter: string | undefined;
  readonly #chunks: Buffer[] = [];

  constructor(
    request: CallRequest,
    timeout: number,
    resolve: (exchange: Exchange) => void,
    reject: (reason: unknown) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#request = request;
    this.#timeout = timeout;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    this.#forget = signal && onAbort(signal, () => this.giveUp(signal.reason));
  }

  /** @param settled called when it is over, and whether its connection is free for another one */
  start(client: Client, settled: (isFree: boolean) => void): void {
    this.#settled = settled;
    const late = () => this.giveUp(new Error(`no answer within ${this.#timeout} ms`));
    this.#silence = setTimeout(late, this.#timeout);
    client.dispatch(this.#request, this);
  }

  /** By this method undici knows which kind of handler it has. */
  onRequestStart(): void {
    // What was given up has lost its client, so that it never comes here.
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#silence?.refresh();
    this.#status = status;
    this.#contentType = first(headers['content-type']);
    this.#retryAfter = first(headers['retry-after']);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#silence?.refresh();
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const status = this.#status;
    const contentType = this.#contentType;
    const retryAfter = this.#retryAfter;
    if (this.#end(true)) this.#resolve(exchangeOf({ status, contentType, retryAfter, chunks: this.#chunks }));
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    const isCut = this.#status > 0;
    const reason = isCut ? new Error('the answer was cut short', { cause: error }) : error;
    if (this.#end(true)) this.#reject(this.#signal?.aborted === true ? this.#signal.reason : reason);
  }

  /** Ends it without an answer; its connection goes with it. */
  giveUp(reason: unknown): void {
    if (!this.#end(false)) return;
    this.#reject(reason);
  }

  /** @returns whether it was not over before */
  #end(isFree: boolean): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    clearTimeout(this.#silence);
    this.#forget?.();
    this.#settled?.(isFree);
    return true;
  }
}

/** The header as it counts where it was sent more than once. */
function first(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
