import type { FastifyInstance } from 'fastify';
import type { Config } from '../../src/config/config.ts';
import type { Couch } from '../../src/operations/connect/couch.ts';
import { creationRoutes } from '../../src/web/admin/create-route.ts';
import { plainError, sendError } from '../../src/web/admin/messages/error-json.ts';
import { admittedByBasic } from '../../src/web/auth/admitted.ts';
import { clouderyRoutes } from '../../src/web/cloudery/cloudery-routes.ts';
import type { JobWatch } from '../../src/web/holds/job-watch.ts';
import { sharedJobWatch } from '../../src/web/holds/shared-watch.ts';
import { createWebServer, listenOn } from '../../src/web/http/create-server.ts';
import { OPERATOR_AUTHORIZATION, openTestContext, testOperator } from './web.ts';

/** The token of Cloudery's clients in all tests. */
export const CLOUDERY_TOKEN = 'cloudery-secret';

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at members that they know.
  readonly json: any;
}

/** The part of the admin server that makes and destroys instances. */
export interface CreationServer {
  readonly url: string;
  readonly app: FastifyInstance;
  readonly couch: Couch;
  /** What answers wait for. */
  readonly watch: JobWatch;
  /** Sends a request as the operator. @param path with its query */
  ask(method: string, path: string, headers?: Record<string, string>, signal?: AbortSignal): Promise<Answer>;
  /** `POST /instances` with these parameters. */
  create(parameters: Record<string, string>, headers?: Record<string, string>): Promise<Answer>;
  /** Sends a request as Cloudery's clients do. */
  cloudery(method: string, path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

/** Starts it on a free port. @param serve differs from the configuration; by default Cloudery's clients are let in */
export async function startCreationServer(
  base: Config,
  serve: Partial<Config['serve']> = { clouderyToken: CLOUDERY_TOKEN },
): Promise<CreationServer> {
  const config = { ...base, serve: { ...base.serve, ...serve } };
  const { context, stop, close } = openTestContext(config);
  const { couch } = context;
  const app = createWebServer({ trustedProxies: [], bodyLimit: 1024 * 1024 });
  await clouderyRoutes(app, context);
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      if ((await admittedByBasic(testOperator, request)) === 'admitted') return;
      await sendError(reply, plainError(401, 'Not admitted'));
    });
    await creationRoutes(scope, context);
  });
  const port = await listenOn(app, '127.0.0.1', 0);
  const url = `http://127.0.0.1:${port}`;

  async function ask(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<Answer> {
    const all = { authorization: OPERATOR_AUTHORIZATION, ...headers };
    return await answerOf(
      await fetch(`${url}${path}`, { method, headers: all, ...(signal !== undefined && { signal }) }),
    );
  }

  return {
    url,
    app,
    couch,
    watch: sharedJobWatch(context),
    ask,
    create: (parameters, headers) => ask('POST', `/instances?${new URLSearchParams(parameters)}`, headers),
    async cloudery(method, path, body) {
      const authorization = `Bearer ${CLOUDERY_TOKEN}`;
      const asked =
        body === undefined
          ? { method, headers: { authorization } }
          : {
              method,
              headers: { authorization, 'content-type': 'application/json' },
              body: JSON.stringify(body),
            };
      return await answerOf(await fetch(`${url}${path}`, asked));
    },
    async close() {
      stop();
      await app.close();
      await close();
    },
  };
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? JSON.parse(text) : undefined,
  };
}
