import type { FastifyInstance } from 'fastify';
import { Counter, Histogram, type Registry } from 'prom-client';

/** Upper ends of the classes of answer times, in seconds; creations take long. */
const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600];

/** Counts the answers of the admin port by route: addresses hold domains. */
export function countRequests(app: FastifyInstance, register: Registry): void {
  const registers = [register];
  const requests = new Counter({
    name: 'cozy_fleet_requests_total',
    help: 'Answers of the admin port',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'cozy_fleet_request_seconds',
    help: 'How long answers of the admin port took',
    labelNames: ['method', 'route'],
    buckets: SECONDS,
    registers,
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? '';
    requests.inc({ method: request.method, route, status: String(reply.statusCode) });
    seconds.observe({ method: request.method, route }, reply.elapsedTime / 1000);
  });
}
