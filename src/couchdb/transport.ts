import type { Connector } from './tls.ts';

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
  /** Opens connections. */
  readonly connect: Connector;
}

/** Opens nothing before the first request. */
export type CreateTransport = (options: TransportOptions) => Transport;

/** What all requests to a server have in common. */
export interface RequestBase {
  readonly url: URL;
  /** Goes before each path; without a slash at its end. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @param address of the server, with credentials */
export function requestBase(address: string): RequestBase {
  const url = new URL(address);
  // What a cache remembers may be from before our own writes.
  const headers: Record<string, string> = { accept: 'application/json', 'cache-control': 'no-cache' };
  if (url.username !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  return { url, path: url.pathname.replace(/\/$/, ''), headers };
}

export interface RawAnswer {
  readonly status: number;
  /** The header `Content-Type`. */
  readonly contentType: string | undefined;
  /** The header `Retry-After`. */
  readonly retryAfter: string | undefined;
  /** The body as it came. */
  readonly chunks: readonly Uint8Array[];
}

/** An answer that came to its end. */
export function exchangeOf({ status, contentType, retryAfter, chunks }: RawAnswer): Exchange {
  const raw = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  return {
    status,
    body: parsed(raw),
    length: raw.length,
    type: /^[\w.+-]{1,40}\/[\w.+-]{1,60}/.exec(contentType ?? '')?.[0] ?? '',
    retryAfter: retryAfterOf(retryAfter),
  };
}

function parsed({ buffer, byteOffset, length }: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(buffer, byteOffset, length).toString('utf8'));
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
