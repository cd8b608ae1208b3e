import * as z from 'zod';
import { KIND_NAMES, STAGE_NAMES } from '../../jobs/kinds/job-kinds.ts';
import { findJobFacts } from '../../operations/jobs/find-job.ts';
import { LISTED_STATES, readCursor } from '../../operations/jobs/job-filter.ts';
import { type ListedJob, listJobs } from '../../operations/jobs/list-jobs.ts';
import type { WebContext } from '../web-context.ts';
import { jobParams, limitOf, reasonBody } from './paths.ts';
import { jobAnswer, listedJobAnswer, problems } from './schemas.ts';
import { createSteering } from './steering.ts';
import type { ZodApp } from './zod-routes.ts';

/** Single jobs: lists, one with its stages; tried again, and stopped. A job is named by its id or by its instance. */
export function jobRoutes(app: ZodApp, context: WebContext): void {
  const steering = createSteering(context);

  app.route({
    method: 'GET',
    url: '/fleet/jobs',
    schema: {
      summary: 'List jobs',
      querystring: z.strictObject({
        state: z.enum(LISTED_STATES).optional(),
        kind: z.enum(KIND_NAMES).optional(),
        batch: z.string().min(1).max(32).toUpperCase().optional(),
        domain: z.string().min(1).max(1024).optional().describe('With * and ?.'),
        stage: z.enum(STAGE_NAMES).optional(),
        error: z.string().min(1).max(64).optional().describe('Code of what went wrong.'),
        limit: limitOf(50, 500),
        after: z.string().max(500).optional().describe('`cursor` of the last job that is known.'),
      }),
      response: { 200: z.object({ jobs: z.array(listedJobAnswer) }), ...problems },
    },
    handler: async ({ query: { state, kind, batch, domain, stage, error, limit, after } }) => {
      const filter = {
        states: state === undefined ? [] : [state],
        kinds: kind === undefined ? [] : [kind],
        batch,
        domain,
        stages: stage === undefined ? [] : [stage],
        codes: error === undefined ? [] : [error],
      };
      const from = after === undefined ? undefined : readCursor(after);
      const jobs: ListedJob[] = [];
      for await (const job of listJobs(await context.fleet(), filter, { limit, after: from })) jobs.push(job);
      return { jobs };
    },
  });

  app.route({
    method: 'GET',
    url: '/fleet/jobs/:id',
    schema: {
      summary: 'A job with its stages, by its id or by a domain',
      params: jobParams,
      response: { 200: jobAnswer, ...problems },
    },
    handler: async ({ params: { id } }) => await findJobFacts(await context.fleet(), id),
  });

  app.route({
    method: 'POST',
    url: '/fleet/jobs/:id/retry',
    schema: {
      summary: 'Try a failed job again, from where it stopped',
      params: jobParams,
      body: reasonBody,
      response: { 200: z.object({ jobId: z.string() }), ...problems },
    },
    handler: async (request) => ({
      jobId: await steering.retryJob(request, request.params.id, request.body?.reason ?? ''),
    }),
  });

  app.route({
    method: 'POST',
    url: '/fleet/jobs/:id/cancel',
    schema: {
      summary: 'Stop a job at its next safe point',
      params: jobParams,
      body: reasonBody,
      response: {
        200: z.object({ jobId: z.string(), domain: z.string(), stagesDone: z.array(z.string()).readonly() }),
        ...problems,
      },
    },
    handler: async (request) =>
      await steering.cancelJob(request, request.params.id, request.body?.reason ?? ''),
  });
}
