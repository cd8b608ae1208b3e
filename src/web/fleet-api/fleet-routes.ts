import * as z from 'zod';
import { MOST_ENTRIES } from '../../jobs/queue/instance-history.ts';
import { listWorkers } from '../../jobs/redis/worker-heartbeat.ts';
import { instanceHistory } from '../../operations/instances/instance-history.ts';
import { instanceOverview } from '../../operations/instances/instance-overview.ts';
import type { WebContext } from '../web-context.ts';
import { domainParams, limitOf } from './paths.ts';
import { historyAnswer, instanceAnswer, problems, workerAnswer } from './schemas.ts';
import type { ZodApp } from './zod-routes.ts';

/** The fleet beside its batches and jobs: workers, one instance and what was done to it. */
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
    url: '/fleet/instances/:domain',
    schema: {
      summary: 'One instance: its state, and the jobs that are known of it',
      params: domainParams,
      response: { 200: instanceAnswer, ...problems },
    },
    handler: async ({ params: { domain } }) =>
      await instanceOverview(await context.fleet(), context.couch.global, domain),
  });

  app.route({
    method: 'GET',
    url: '/fleet/instances/:domain/history',
    schema: {
      summary: 'What was done to a domain, by whom and why, latest first',
      description:
        'Also of an instance that is gone. An alias has no history. Names of fields are told, values are not.',
      params: domainParams,
      querystring: z.strictObject({ limit: limitOf(MOST_ENTRIES, MOST_ENTRIES) }),
      response: { 200: historyAnswer, ...problems },
    },
    handler: async ({ params: { domain }, query: { limit } }) =>
      await instanceHistory(await context.fleet(), domain, limit),
  });
}
