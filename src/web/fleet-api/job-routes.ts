import { z } from 'zod';
import { findJobFacts } from '../../operations/jobs/find-job.ts';
import { JOB_STATES, type JobFacts, type JobState } from '../../operations/jobs/job-facts.ts';
import { listJobs } from '../../operations/jobs/list-jobs.ts';
import type { WebContext } from '../web-context.ts';
import { jobParams, limitOf, reasonBody } from './paths.ts';
import { jobAnswer, problems } from './schemas.ts';
import { createSteering } from './steering.ts';
import type { ZodApp } from './zod-routes.ts';

/** What is under way comes first. */
const ORDER: readonly JobState[] = ['active', 'retrying', 'waiting', 'failed', 'done'];

/** Single jobs: lists, one with its stages; tried again, and stopped. A job is named by its id or by its instance. */
export function jobRoutes(app: ZodApp, context: WebContext): void {
  const steering = createSteering(context);

  app.route({
    method: 'GET',
    url: '/fleet/jobs',
    schema: {
      summary: 'List jobs',
      querystring: z.strictObject({ state: z.enum(JOB_STATES).optional(), limit: limitOf(50, 500) }),
      response: { 200: z.object({ jobs: z.array(jobAnswer) }), ...problems },
    },
    handler: async ({ query: { state, limit } }) => {
      const jobs: JobFacts[] = [];
      const states = state === undefined ? ORDER : [state];
      for await (const job of listJobs(await context.fleet(), states, limit)) jobs.push(job);
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
