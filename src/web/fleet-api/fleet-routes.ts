import { z } from 'zod';
import { listWorkers } from '../../jobs/redis/worker-heartbeat.ts';
import { instanceOverview } from '../../operations/instances/instance-overview.ts';
import { queueDepth } from '../../operations/jobs/queue-depth.ts';
import type { WebContext } from '../web-context.ts';
import { domainParams } from './paths.ts';
import { instanceAnswer, problems, queueAnswer, workerAnswer } from './schemas.ts';
import type { ZodApp } from './zod-routes.ts';

/** The fleet beside its batches and jobs: workers, the depth of the queue, one instance. */
export function fleetRoutes(app: ZodApp, context: WebContext): void {
  app.route({
    method: 'GET',
    url: '/fleet/workers',
    schema: {
      summary: 'The workers that live',
      description:
        'One that was killed is listed for up to 15 seconds more. Times are milliseconds since 1970.',
      response: { 200: z.object({ workers: z.array(workerAnswer) }), ...problems },
    },
    handler: async () => {
      const { redis, keys } = await context.fleet();
      return { workers: await listWorkers(redis, keys) };
    },
  });

  app.route({
    method: 'GET',
    url: '/fleet/queue',
    schema: {
      summary: 'How much work there is',
      response: { 200: queueAnswer, ...problems },
    },
    handler: async () => await queueDepth(await context.fleet()),
  });

  app.route({
    method: 'GET',
    url: '/fleet/instances/:domain',
    schema: {
      summary: 'One instance: its state, and the jobs that are known of it',
      params: domainParams,
      response: { 200: instanceAnswer, ...problems },
    },
    handler: async ({ params: { domain } }) =>
      await instanceOverview(await context.fleet(), context.couch.global, domain),
  });
}
