import type { FastifyInstance } from 'fastify';
import type { WorkerReport } from '../../jobs/queue/work-event.ts';
import type { SharedLook } from '../../shared-look.ts';
import type { FleetLook } from '../metrics/fleet-look.ts';
import { readinessOf, type Starting } from './readiness.ts';

/** A worker as the server beside it sees it. */
export type WorkerView = () => WorkerReport | Starting;

/** Nobody keeps these answers, or makes a page of them. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
} as const;

/**
 * `/health/live`: 200 while the process works, 503 once only a new start helps. `/health/ready`: 200 while the worker can do
 * its work, 503 with the reasons while it cannot.
 */
export function healthRoutes(app: FastifyInstance, worker: WorkerView, fleet: SharedLook<FleetLook>): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(HEADERS);
  });

  // That it is answered is the proof that the event loop turns.
  app.get('/health/live', async (_request, reply) => {
    const view = worker();
    const broken = 'id' in view ? view.broken : '';
    return await reply
      .code(broken === '' ? 200 : 503)
      .send(broken === '' ? { status: 'alive' } : { status: 'broken', reason: broken });
  });

  app.get('/health/ready', async (_request, reply) => {
    const found = await fleet.look().catch(() => undefined);
    const { ready, ...rest } = readinessOf(worker(), found, Date.now());
    return await reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', ...rest });
  });
}
