import * as z from 'zod';
import type { WebContext } from '../web-context.ts';
import type { FleetDesk } from './fleet-desk.ts';
import { batchParams } from './paths.ts';
import { problems } from './schemas.ts';
import type { ZodApp } from './zod-routes.ts';

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx would keep events until its buffer is full.
  'x-accel-buffering': 'no',
} as const;

const stream = z.unknown().describe('Server-sent events: `retry`, `event`, `id` and `data` in JSON.');

/**
 * What changes, as server-sent events: a client that connects, again or for the first time, gets the newest state at
 * once, so that it needs no past events, whatever `Last-Event-ID` it sends.
 */
export function eventRoutes(app: ZodApp, context: WebContext, desk: FleetDesk): void {
  app.route({
    method: 'GET',
    url: '/fleet/batches/:id/events',
    // An answer without a body would never end its stream.
    exposeHeadRoute: false,
    schema: {
      summary: 'A batch as it goes on',
      description:
        'An event `batch` with what GET /fleet/batches/{id} answers, at most one a second; an event `end` once the batch has ended.',
      produces: ['text/event-stream'],
      params: batchParams,
      response: { 200: stream, ...problems },
    },
    handler: async ({ params: { id } }, reply) => {
      const events = await desk.feeds.batch(await context.fleet(), id);
      return await reply.headers(HEADERS).send(events);
    },
  });

  app.route({
    method: 'GET',
    url: '/fleet/events',
    exposeHeadRoute: false,
    schema: {
      summary: 'The fleet as it goes on',
      description:
        'An event `fleet` with the latest batches, the depth of the queue, the workers and the rate.',
      produces: ['text/event-stream'],
      response: { 200: stream, ...problems },
    },
    handler: async (_request, reply) => {
      const events = await desk.feeds.fleet(await context.fleet());
      return await reply.headers(HEADERS).send(events);
    },
  });
}
