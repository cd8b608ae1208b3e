import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { FleetConfig } from '../../config/config.ts';
import { type Fleet, openFleet } from '../../jobs/fleet/fleet.ts';
import type { WorkEvent } from '../../jobs/queue/work-event.ts';
import type { Log } from '../../logger.ts';
import { createReopened } from '../../reopened.ts';
import { createWebServer, listenOn } from '../http/create-server.ts';
import { createFleetLook } from '../metrics/fleet-look.ts';
import { createFleetMetrics } from '../metrics/fleet-metrics.ts';
import { createWorkMetrics } from '../metrics/work-metrics.ts';
import { healthRoutes, type WorkerView } from './health-routes.ts';

export interface WorkersServerOptions {
  readonly fleet: FleetConfig;
  readonly log: Log;
  readonly host: string;
  /** 0 = the system chooses. */
  readonly port: number;
  readonly worker: WorkerView;
}

/** The server beside a worker: its health and its metrics. */
export interface WorkersServer {
  readonly port: number;
  /** To be told each step of the work. */
  note(event: WorkEvent): void;
  close(): Promise<void>;
}

/** Requests have no bodies. */
const BODY_LIMIT = 1024;

/** Anybody on this machine may ask, as often as they like: Redis is asked twice a second at most. */
const FRESH_MS = 500;

/**
 * Listens before the worker has started and while servers are away: that is when it is asked. It has a connection to Redis of
 * its own, for the worker's waits for as long as it takes.
 * @throws InputError `port_in_use`
 */
export async function startWorkersServer(options: WorkersServerOptions): Promise<WorkersServer> {
  const { log, worker, host } = options;
  const link = createReopened<Fleet>(() => openFleet({ ...options.fleet, role: 'server' }));
  const look = createFleetLook(link.get, FRESH_MS);
  const register = new Registry();
  collectDefaultMetrics({ register });
  const fleet = createFleetMetrics(register, look, log);
  const work = createWorkMetrics(register);
  const app: FastifyInstance = createWebServer({ trustedProxies: [], bodyLimit: BODY_LIMIT });

  healthRoutes(app, worker, look);
  app.get('/metrics', async (_request, reply) => {
    await fleet.refresh();
    const view = worker();
    work.refresh('id' in view ? view : undefined);
    return await reply.type(register.contentType).send(await register.metrics());
  });

  async function close(): Promise<void> {
    await app.close();
    await (await link.opened())?.close();
  }
  try {
    return { port: await listenOn(app, host, options.port), note: work.note, close };
  } catch (error) {
    await close();
    throw error;
  }
}
