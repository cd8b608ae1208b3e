import { mkdir } from 'node:fs/promises';
import fastify, { type FastifyInstance } from 'fastify';
import { FleetError } from '../../errors.ts';
import { Auth, type AuthOptions } from './auth.ts';
import { notFound, toCouchError } from './couch-error.ts';
import { DatabasePool } from './database-pool.ts';
import { Databases } from './databases.ts';
import { loadEngine } from './engine.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { bulkRoutes } from './routes/bulk-routes.ts';
import { databaseRoutes } from './routes/database-routes.ts';
import { documentRoutes } from './routes/document-routes.ts';
import { queryRoutes } from './routes/query-routes.ts';
import { serverRoutes } from './routes/server-routes.ts';
import { UpdateSignal } from './update-signal.ts';

const BODY_LIMIT_BYTES = 64 * 1024 * 1024;
/** Fastify's 100 is too short for database names and for documents named after long paths. */
const MAX_PARAM_LENGTH = 2000;
const OPEN_LIMIT = 200;

export interface EmbeddedCouchOptions extends AuthOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Everything is kept below it. */
  readonly dataDir: string;
  readonly host?: string;
  /** How many LevelDBs may stay open, views included. */
  readonly openLimit?: number;
}

export interface EmbeddedCouch {
  /** Without credentials. */
  readonly url: string;
  readonly port: number;
  /** How many LevelDBs are open just now. */
  readonly openCount: number;
  close(): Promise<void>;
}

/**
 * Starts a server that speaks enough of CouchDB's HTTP for trying cozy-fleet out and for its tests.
 * It is never meant for production. Only one may run on a `dataDir` at a time.
 */
export async function startEmbeddedCouch(options: EmbeddedCouchOptions): Promise<EmbeddedCouch> {
  const { port, dataDir, host = '127.0.0.1', openLimit = OPEN_LIMIT } = options;
  const engine = await loadEngine();
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const updates = new UpdateSignal();
  const handles = new DatabasePool(engine.Pouch, openLimit);
  const databases = await Databases.load(dataDir, handles, updates);
  const order = new KeyedQueue();
  const app = httpFace(new Auth(options));
  serverRoutes(app, databases);
  databaseRoutes(app, databases);
  documentRoutes(app, databases, updates, order);
  bulkRoutes(app, databases, updates);
  queryRoutes(app, { engine, databases, updates, order });
  await listen(app, port, host);
  const address = app.server.address();
  const taken = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://${host}:${taken}`,
    port: taken,
    get openCount() {
      return handles.count;
    },
    async close() {
      updates.notifyAll();
      await app.close();
      await handles.closeAll();
    },
  };
}

function httpFace(auth: Auth): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
    // CouchDB reads a + in a path as a space.
    rewriteUrl: ({ url = '/' }) => url.replace(/^[^?]*/, (path) => path.replaceAll('+', '%20')),
    routerOptions: {
      ignoreTrailingSlash: true,
      maxParamLength: MAX_PARAM_LENGTH,
      querystringParser: (text) => Object.fromEntries(new URLSearchParams(text)),
    },
  });
  // Fastify's own parsers refuse an empty JSON body, and do not know the form that nano's `auth` posts.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request) => auth.check(request));
  app.setErrorHandler(async (thrown, _request, reply) => {
    const { status, error, reason } = toCouchError(thrown);
    return await reply.code(status).send({ error, reason });
  });
  app.setNotFoundHandler(() => {
    throw notFound('missing');
  });
  auth.routes(app);
  return app;
}

async function listen(app: FastifyInstance, port: number, host: string): Promise<void> {
  try {
    await app.listen({ port, host });
  } catch (cause) {
    await app.close();
    throw new FleetError(
      'couch_cannot_listen',
      `the embedded CouchDB cannot listen on ${host}:${port}`,
      'another program may be using the port; choose another one',
      { cause },
    );
  }
}
