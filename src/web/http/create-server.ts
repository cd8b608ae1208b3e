import { type ServerResponse, STATUS_CODES } from 'node:http';
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { errnoOf } from '../../errno.ts';
import { InputError } from '../../errors.ts';

/** Names of instances are longer than the 100 characters that parts of a path may have otherwise. */
const LONGEST_PART = 1024;

/** Bytes of all headers of a request. */
const LARGEST_HEADERS = 16 * 1024;

/** Milliseconds within which a request must have come whole; an answer may take as long as it needs. */
const REQUEST_TIMEOUT_MS = 60_000;

export interface WebServerOptions {
  /** Addresses and networks whose word about a client's address and scheme is taken. */
  readonly trustedProxies: readonly string[];
  /** Bytes of a body, unless a route says otherwise. */
  readonly bodyLimit: number;
  /** Milliseconds within which a request must have come whole, where it is not the usual; 0 = without limit. */
  readonly requestTimeout?: number;
  /** What else the framework is told. */
  readonly framework?: Pick<FastifyServerOptions, 'frameworkErrors' | 'clientErrorHandler' | 'rewriteUrl'>;
}

/**
 * A server with our limits, without routes. It writes no log of requests: queries carry passphrases and tokens.
 * `request.ip` and `request.protocol` are the client's own behind a proxy that is trusted. `request.host` must not
 * be used: it believes `X-Forwarded-Host`.
 */
export function createWebServer({
  trustedProxies,
  bodyLimit,
  requestTimeout = REQUEST_TIMEOUT_MS,
  framework = {},
}: WebServerOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit,
    requestTimeout,
    forceCloseConnections: true,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    http: { maxHeaderSize: LARGEST_HEADERS },
    routerOptions: { maxParamLength: LONGEST_PART },
    ...framework,
  });
  answerBeforeClosing(app);
  return app;
}

/** Milliseconds that answers have to go out in when the server closes; what waits for long is ended by then. */
const LAST_ANSWERS_MS = 2_000;

/** When the server closes, requests that it has taken are answered first: else their clients would see a lost connection. */
function answerBeforeClosing(app: FastifyInstance): void {
  const open = new Set<ServerResponse>();
  let settle = (): void => undefined;
  app.addHook('onRequest', (_request, { raw }, done) => {
    open.add(raw);
    raw.once('close', () => {
      open.delete(raw);
      if (open.size === 0) settle();
    });
    done();
  });
  app.addHook('preClose', async () => {
    if (open.size === 0) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, LAST_ANSWERS_MS);
      settle = () => {
        clearTimeout(late);
        resolve();
      };
    });
  });
}

/** Name of an HTTP status, such as `Not Found`. */
export function statusText(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}

/**
 * Listens, and answers the port, which the system chose where none was asked for.
 * @throws InputError `port_in_use` when it cannot listen there
 */
export async function listenOn(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw cannotListen(error, host, port);
  }
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function cannotListen(error: unknown, host: string, port: number): unknown {
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return refusal(`Port ${port} of ${host} is taken: another program listens there already`);
    case 'EACCES':
      return refusal(`This user may not listen on port ${port} of ${host}`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return refusal(`${host} is no address of this machine, so nobody can listen there`);
    default:
      return error;
  }
}

const ADVICE =
  'The pages of instances: fleet.public_host and fleet.public_port, or --public-host and --public-port. ' +
  'The admin API and the fleet page: fleet.admin_host and fleet.admin_port, or --admin-host and --admin-port.';

const refusal = (message: string) => new InputError('port_in_use', message, {}, ADVICE);
