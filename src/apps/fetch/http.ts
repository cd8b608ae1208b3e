import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { parseUrl } from '../../config/urls.ts';
import type { FailureKind } from '../../errors.ts';
import { type AppHosts, hostOf, isPublicAddress, privateHost, refuseUnnamedPrivate } from './app-hosts.ts';
import { type Environment, proxiesOf } from './proxies.ts';

/** An answer whose body is still to be read, or destroyed. */
export interface HttpAnswer {
  readonly status: number;
  /** What `content-length` says, in bytes. */
  readonly length: number | undefined;
  readonly body: Readable;
}

export interface HttpGet {
  /** With user and password where a registry wants them: they go to its own origin only. */
  readonly url: string;
  readonly accept: string;
  /** Whether caches on the way are to ask the server itself: what it has may be another thing by now. */
  readonly fresh?: boolean;
  readonly signal: AbortSignal;
}

/** Gets things from registries and the hosts they point to. */
export interface AppHttp {
  /**
   * Follows a few redirects, never to another kind of URL, never from https to http, and to no private server that
   * is not named.
   * @throws {HttpFailure} when there is no answer to use; the signal's reason when aborted
   * @throws {AppError} `app_host`
   */
  get(what: HttpGet): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** No answer, or a chain of redirects that is not followed. Its text never holds a URL. */
export class HttpFailure extends Error {
  /** `outage` where no server answered at all, `final` where the same request will fail for ever. */
  readonly kind: FailureKind;

  constructor(message: string, kind: FailureKind, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HttpFailure';
    this.kind = kind;
  }
}

/** Without a byte. */
const STALL_MS = 15_000;

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * By way of the proxies that the environment names, where it names some: `HTTP_PROXY`, `HTTPS_PROXY` and, for
 * hosts that are reached without, `NO_PROXY`.
 *
 * A server in a private network is asked only where it is named. What counts is the address that a connection is
 * made to, so that no name leads there by and by. Where a proxy makes the connections, it alone knows the addresses of
 * names: then only those that are written out are refused.
 *
 * @param hosts the private servers that are named
 * @param stallMs milliseconds without a byte before a request is given up
 * @param resolve finds the addresses of names
 * @throws {InputError} `proxy` for one that cannot be
 */
export function createAppHttp(
  hosts: AppHosts,
  stallMs = STALL_MS,
  environment: Environment = process.env,
  resolve: Resolve = lookup,
): AppHttp {
  const proxies = proxiesOf(environment);
  const agentWith = (connect: { readonly lookup?: LookupFunction }) =>
    new EnvHttpProxyAgent({
      ...proxies,
      connections: 8,
      // Of connections without a proxy alone: a proxy may be anywhere.
      connect: { timeout: stallMs, ...connect },
      proxyTls: { timeout: stallMs },
      requestTls: { timeout: stallMs },
      headersTimeout: stallMs,
      bodyTimeout: stallMs,
      // Proxies may refuse to tunnel to other ports than that of https.
      proxyTunnel: false,
    });
  const named = agentWith({});
  const others = agentWith({ lookup: publicOnly(resolve) });

  async function once(url: URL, { accept, fresh, signal }: HttpGet, authorization: string | undefined) {
    refuseUnnamedPrivate(url, hosts);
    const bare = new URL(url);
    bare.username = '';
    bare.password = '';
    try {
      return await request(bare, {
        dispatcher: hosts.isNamed(url) ? named : others,
        signal,
        headers: {
          ...{ accept, 'user-agent': 'cozy-fleet' },
          ...(fresh && { 'cache-control': 'no-cache' }),
          ...(authorization && { authorization }),
        },
      });
    } catch (thrown) {
      signal.throwIfAborted();
      if (thrown instanceof PrivateAddress) throw privateHost(hostOf(url));
      throw new HttpFailure(reasonOf(thrown), silenceKind(thrown));
    }
  }

  return {
    async get(what) {
      let url = new URL(what.url);
      const { origin } = url;
      const authorization = basic(url);
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
        const answer = await once(url, what, url.origin === origin ? authorization : undefined);
        if (!REDIRECTS.has(answer.statusCode)) return toAnswer(answer);
        await answer.body.dump();
        url = nextUrl(url, answer);
      }
      throw new HttpFailure(`redirected more than ${MAX_REDIRECTS} times`, 'final');
    },
    async close() {
      await named.destroy();
      await others.destroy();
    },
  };
}

/** A name has no address but private ones. */
class PrivateAddress extends Error {}

/** As `dns.lookup` with `all`. */
export type Resolve = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/** Leaves out of the addresses of a name those that are not public. */
function publicOnly(resolve: Resolve): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, []);
      const usable = found.filter(({ address }) => isPublicAddress(address));
      const [first] = usable;
      if (first === undefined) return done(new PrivateAddress('the address is not public'), []);
      if (options.all) return done(null, usable);
      return done(null, first.address, first.family);
    });
  };
}

function nextUrl(from: URL, { headers }: Dispatcher.ResponseData): URL {
  const location = single(headers['location']);
  const to =
    location === undefined
      ? undefined
      : parseUrl(URL.canParse(location, from.href) ? new URL(location, from).href : '');
  if (to === undefined) throw new HttpFailure('redirected to nowhere', 'final');
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw new HttpFailure(`redirected to ${to.protocol}//, which is not followed`, 'final');
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new HttpFailure('redirected from https to http, which is not followed', 'final');
  }
  return to;
}

function toAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): HttpAnswer {
  const length = single(headers['content-length']);
  // A body that is destroyed unread ends with an error, which has no other listener.
  body.on('error', () => undefined);
  return {
    status: statusCode,
    length: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined,
    body,
  };
}

function basic({ username, password }: URL): string | undefined {
  if (username === '') return undefined;
  const credentials = Buffer.from(`${decoded(username)}:${decoded(password)}`);
  return `Basic ${credentials.toString('base64')}`;
}

/** A lone `%` is one: URLs let it pass. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** The failure that an unexpected status of HTTP means. */
export function statusFailure(status: number): HttpFailure {
  return new HttpFailure(`answered ${status}`, kindOf(status));
}

function kindOf(status: number): FailureKind {
  if (status === 429) return 'overload';
  return status >= 500 || status === 408 ? 'retry' : 'final';
}

/** Codes of sockets for a host that is away. An unknown name is not among them: it is rather a mistake in writing. */
const OUTAGE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);

function silenceKind(thrown: unknown): FailureKind {
  return OUTAGE_CODES.has(codeOf(thrown)) ? 'outage' : 'retry';
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}

/** The code alone: texts of sockets may hold the URL. */
export function reasonOf(thrown: unknown): string {
  const code = codeOf(thrown);
  switch (code) {
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'no answer in time';
    case '':
      return 'no answer';
    default:
      return code;
  }
}
