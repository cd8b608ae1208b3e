import * as z from 'zod';
import { InputError } from '../../errors.ts';
import { parseConcurrency, parseRate } from '../../operations/queue/queue-limits.ts';
import { queueStats } from '../../operations/queue/queue-stats.ts';
import type { WebContext } from '../web-context.ts';
import { LONGEST_REASON, reasonBody } from './paths.ts';
import { createQueueSteering, type QueueChange } from './queue-steering.ts';
import { problems, queueAnswer } from './schemas.ts';
import type { ZodApp } from './zod-routes.ts';

const limitsBody = z.strictObject({
  concurrency: z.int().nullish().describe('Most jobs at a time in all workers together.'),
  rate: z.string().min(1).max(60).nullish().describe('Most jobs that begin: 5/s or 30/m.'),
  reason: z.string().max(LONGEST_REASON).default('').describe('Why, for the record.'),
});

const workerParams = z.object({ worker: z.string().min(1).max(1024) });

const drainAnswer = z.object({ id: z.string(), draining: z.boolean(), running: z.int() });

/** The queue as a whole, and its workers: paused, limited, drained. */
export function queueRoutes(app: ZodApp, context: WebContext): void {
  const steering = createQueueSteering(context);
  const stats = async () => await queueStats(await context.fleet());

  app.route({
    method: 'GET',
    url: '/fleet/queue',
    schema: {
      summary: 'The queue as a whole: jobs, workers, limits, batches under way',
      description: 'Costs the same however many jobs there are.',
      response: { 200: queueAnswer, ...problems },
    },
    handler: stats,
  });

  app.route({
    method: 'POST',
    url: '/fleet/queue/pause',
    schema: {
      summary: 'Have no worker take a job up until the queue is resumed',
      description: 'What runs goes on. Jobs can still be queued, single ones included: they wait.',
      body: reasonBody,
      response: { 200: queueAnswer, ...problems },
    },
    handler: async (request) => {
      await steering.pause(request, request.body?.reason ?? '');
      return await stats();
    },
  });

  app.route({
    method: 'POST',
    url: '/fleet/queue/resume',
    schema: {
      summary: 'Have the workers take jobs up again',
      body: reasonBody,
      response: { 200: queueAnswer, ...problems },
    },
    handler: async (request) => {
      await steering.resume(request, request.body?.reason ?? '');
      return await stats();
    },
  });

  app.route({
    method: 'PATCH',
    url: '/fleet/queue',
    schema: {
      summary: 'Limit how many jobs run at a time, and how many begin',
      description: 'What is absent stays, and null takes a limit away. It holds for single jobs, too.',
      body: limitsBody,
      response: { 200: queueAnswer, ...problems },
    },
    handler: async (request) => {
      const { reason, ...limits } = request.body;
      const texts = { concurrency: limits.concurrency?.toString(), rate: limits.rate ?? undefined };
      const change = readQueueLimits(texts);
      const cleared = {
        ...(limits.concurrency === null && { concurrency: null }),
        ...(limits.rate === null && { rate: null }),
      };
      await steering.limit(request, { ...change, ...cleared }, reason);
      return await stats();
    },
  });

  app.route({
    method: 'POST',
    url: '/fleet/workers/:worker/drain',
    schema: {
      summary: 'Have a worker take no further job',
      description: 'It finishes those that run and stays. It is named by its id, or how no other one begins.',
      params: workerParams,
      body: reasonBody,
      response: { 200: drainAnswer, ...problems },
    },
    handler: async (request) => {
      const { worker } = request.params;
      const { id, running } = await steering.drain(request, worker, request.body?.reason ?? '');
      return { id, draining: true, running };
    },
  });

  app.route({
    method: 'POST',
    url: '/fleet/workers/:worker/undrain',
    schema: {
      summary: 'Have a worker take jobs again',
      params: workerParams,
      body: reasonBody,
      response: { 200: drainAnswer, ...problems },
    },
    handler: async (request) => {
      const { worker } = request.params;
      const { id, running } = await steering.undrain(request, worker, request.body?.reason ?? '');
      return { id, draining: false, running };
    },
  });
}

/**
 * Reads limits of the queue as a command does: `none` takes one away.
 * @throws InputError `bad_value` with the name of the limit
 */
export function readQueueLimits({
  concurrency,
  rate,
}: {
  readonly concurrency?: string | undefined;
  readonly rate?: string | undefined;
}): QueueChange {
  return {
    ...(concurrency !== undefined && {
      concurrency: named('concurrency', () => parseConcurrency(concurrency)) ?? null,
    }),
    ...(rate !== undefined && { rate: named('rate', () => parseRate(rate)) ?? null }),
  };
}

function named<T>(column: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(error.code, error.message, { column }, error.advice);
  }
}
