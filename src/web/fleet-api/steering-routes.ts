import * as z from 'zod';
import { batchSummary } from '../../operations/batches/batch-state.ts';
import type { SteeringTexts } from '../../operations/batches/steering-input.ts';
import type { WebContext } from '../web-context.ts';
import { createBatchSteering } from './batch-steering.ts';
import { batchParams, LONGEST_REASON, reasonBody } from './paths.ts';
import { batchSummaryAnswer, problems } from './schemas.ts';
import { readSteering, type SteeringNames, withNames } from './steering-fields.ts';
import type { ZodApp } from './zod-routes.ts';

/** Characters of a part; each is a number, or a few words. */
const LONGEST = 100;

const text = z.string().min(1).max(LONGEST);

const steeringBody = z.strictObject({
  canary: z.int().nullish().describe('So many instances are begun; the others wait for a resume.'),
  concurrency: z.int().nullish().describe('Most instances at a time.'),
  rate: z
    .union([z.number(), text])
    .nullish()
    .describe('Most that begin: a number a second, or 100/m, 500/h.'),
  maxFailures: z.union([z.int(), text]).nullish().describe('More failures than this stop it: 20, or 5%.'),
  at: text.nullish().describe('Nothing begins until clocks show this time next: 22:00.'),
  between: text.nullish().describe('Instances begin in these hours of each day only: 22:00-06:00.'),
  timeZone: text.optional().describe("Of `at` and `between`; the server's own otherwise."),
  reason: z.string().max(LONGEST_REASON).default('').describe('Why, for the record.'),
});

const NAMES: SteeringNames = {
  canary: 'canary',
  maxFailures: 'maxFailures',
  concurrency: 'concurrency',
  rate: 'rate',
  at: 'at',
  between: 'between',
  timeZone: 'timeZone',
};

/** How batches are held back while they run. */
export function steeringRoutes(app: ZodApp, context: WebContext): void {
  const steering = createBatchSteering(context);

  app.route({
    method: 'POST',
    url: '/fleet/batches/:id/pause',
    schema: {
      summary: 'Begin no further instance of a batch until it is resumed',
      description: 'What runs goes on to its end. A batch that is paused already stays so.',
      params: batchParams,
      body: reasonBody,
      response: { 200: batchSummaryAnswer, ...problems },
    },
    handler: async (request) => {
      const { batch } = await steering.pause(request, request.params.id, request.body?.reason ?? '');
      return batchSummary(batch);
    },
  });

  app.route({
    method: 'POST',
    url: '/fleet/batches/:id/resume',
    schema: {
      summary: 'Have a batch go on that is paused, or waits after its canary',
      description: 'Its hours and its time hold it still. `lifted` says what had held it.',
      params: batchParams,
      body: reasonBody,
      response: {
        200: batchSummaryAnswer.extend({ lifted: z.array(z.enum(['pause', 'canary'])).readonly() }),
        ...problems,
      },
    },
    handler: async (request) => {
      const { lifted, batch } = await steering.resume(request, request.params.id, request.body?.reason ?? '');
      return { ...batchSummary(batch), lifted };
    },
  });

  app.route({
    method: 'PATCH',
    url: '/fleet/batches/:id/steering',
    schema: {
      summary: 'Change how a batch is held back, while it runs',
      description: 'What is absent stays, and null takes a limit away. Instances that run are not stopped.',
      params: batchParams,
      body: steeringBody,
      response: { 200: batchSummaryAnswer, ...problems },
    },
    handler: async ({ ip, params: { id }, body: { reason, ...limits } }) => {
      const input = readSteering(textsOf(limits), NAMES, true);
      try {
        return batchSummary(await steering.set({ ip }, id, input, reason));
      } catch (error) {
        throw withNames(error, NAMES);
      }
    },
  });
}

/** As a command would be given the same. */
function textsOf(limits: Omit<z.infer<typeof steeringBody>, 'reason'>): SteeringTexts {
  const { canary, concurrency, rate, maxFailures, at, between, timeZone } = limits;
  const or = (value: string | number | null | undefined, none: string): string | undefined =>
    value === null ? none : value?.toString();
  return {
    canary: or(canary, 'none'),
    concurrency: or(concurrency, 'none'),
    rate: or(rate, 'none'),
    maxFailures: or(maxFailures, 'none'),
    at: or(at, 'now'),
    between: or(between, 'none'),
    timeZone,
  };
}
