import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createFleetLook } from '../metrics/fleet-look.ts';
import { createFleetMetrics } from '../metrics/fleet-metrics.ts';
import { countRequests } from '../metrics/request-metrics.ts';
import type { WebContext } from '../web-context.ts';

/**
 * Numbers for Prometheus: the queue, the workers and the running batches as Redis has them now, jobs that ended, requests to
 * this server, and this process. While Redis is away its numbers are missing, and `cozy_fleet_redis_up` is 0.
 */
export function metricsRoute(app: FastifyInstance, context: WebContext): void {
  const register = new Registry();
  collectDefaultMetrics({ register });
  countRequests(app, register);
  const fleet = createFleetMetrics(register, createFleetLook(context.fleet), context.log);

  app.get('/metrics', async (_request, reply) => {
    await fleet.refresh();
    return reply.type(register.contentType).send(await register.metrics());
  });
}
