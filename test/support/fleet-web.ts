import type { FastifyInstance } from 'fastify';
import { admittedByBasic } from '../../src/web/auth/admitted.ts';
import { FLEET_API_LIMITS, type FleetApiLimits, fleetApi } from '../../src/web/fleet-api/fleet-api.ts';
import { deskOf, type FleetDesk } from '../../src/web/fleet-api/fleet-desk.ts';
import { createWebServer, listenOn } from '../../src/web/http/create-server.ts';
import type { WebContext } from '../../src/web/web-context.ts';
import type { TestFleet } from './fleet.ts';
import { OPERATOR_AUTHORIZATION, openTestContext, testOperator } from './web.ts';

/** An answer as a test looks at it. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text read as JSON. */
  json(): Record<string, unknown>;
}

/** The routes of `/fleet` alone, on a port of their own. */
export interface FleetWeb {
  readonly app: FastifyInstance;
  readonly url: string;
  readonly port: number;
  readonly context: WebContext;
  readonly desk: FleetDesk;
  /** Asks as the operator. */
  ask(path: string, init?: RequestInit): Promise<Answer>;
  post(path: string, type: string, body: string, headers?: Record<string, string>): Promise<Answer>;
  /** As the server does it when it is told to stop. */
  close(): Promise<void>;
}

export async function startFleetWeb(
  { config }: Pick<TestFleet, 'config'>,
  limits: Partial<FleetApiLimits> = {},
): Promise<FleetWeb> {
  const { context, stop, close } = openTestContext(config);
  const app = createWebServer({ trustedProxies: [], bodyLimit: 2 ** 20 });
  app.addHook('onRequest', async (request, reply) => {
    const admission = await admittedByBasic(testOperator, request);
    if (admission !== 'admitted') return await reply.code(401).send({ admission });
  });
  await fleetApi(app, context, { ...FLEET_API_LIMITS, ...limits });
  const port = await listenOn(app, '127.0.0.1', 0);
  const url = `http://127.0.0.1:${port}`;

  async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = { authorization: OPERATOR_AUTHORIZATION, ...init.headers };
    const answer = await fetch(url + path, { ...init, headers });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text) };
  }

  return {
    app,
    url,
    port,
    context,
    desk: deskOf(context),
    ask,
    post: (path, type, body, headers = {}) =>
      ask(path, { method: 'POST', body, headers: { 'content-type': type, ...headers } }),
    async close() {
      stop();
      await app.close();
      await close();
    },
  };
}
