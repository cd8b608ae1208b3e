import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { FleetError } from '../../errors.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { retryJob } from '../../jobs/queue/retry-job.ts';
import { cancelJob } from '../../operations/jobs/cancel-job.ts';
import { findJob } from '../../operations/jobs/find-job.ts';
import { type JobFacts, jobFacts, jobState } from '../../operations/jobs/job-facts.ts';
import { findReadResult } from '../../operations/targets/find-instance.ts';
import { PAGE } from '../http/prefers-page.ts';
import type { WebContext } from '../web-context.ts';
import { instancePage } from './instance-page.ts';
import { jobPage } from './job-page.ts';
import { actorOf } from './operator-actor.ts';
import { csrfOf, sendPage } from './send-page.ts';
import { leadTo } from './sign-in.ts';

const jobParams = z.object({ id: z.string() });
const instanceParams = z.object({ domain: z.string() });
const search = z.object({ q: z.string().trim().max(300).catch('') });

const PAGES = { constraints: { prefers: PAGE } };

/** Single jobs and single instances. */
export async function jobRoutes(app: FastifyInstance, context: WebContext): Promise<void> {
  app.get('/fleet/jobs/:id', PAGES, async (request, reply) => {
    const { id } = jobParams.parse(request.params);
    const job = await findJob(await context.fleet(), id);
    const shown = jobFacts(job, await jobState(job));
    return await sendPage(request, reply, jobPage(shown, csrfOf(request, reply)));
  });

  app.post('/fleet/jobs/:id/retry', PAGES, async (request, reply) => {
    const { id } = jobParams.parse(request.params);
    const fleet = await context.fleet();
    const job = await findJob(fleet, id);
    await retryJob(fleet, job.id ?? '');
    return await leadTo(reply, `/fleet/jobs/${encodeURIComponent(id)}`);
  });

  app.post('/fleet/jobs/:id/cancel', PAGES, async (request, reply) => {
    const { id } = jobParams.parse(request.params);
    const fleet = await context.fleet();
    await cancelJob(fleet, await findJob(fleet, id), actorOf(request));
    return await leadTo(reply, `/fleet/jobs/${encodeURIComponent(id)}`);
  });

  app.get('/fleet/instances/:domain', PAGES, async (request, reply) => {
    const { domain } = instanceParams.parse(request.params);
    const [found, job] = await Promise.all([
      unlessUnknown(findReadResult(context.couch.global, domain)),
      latestFacts(await context.fleet(), domain),
    ]);
    if (found === undefined && job === undefined) {
      throw new FleetError('not_found', 'neither an instance nor a job of that name is known');
    }
    return await sendPage(request, reply, instancePage({ domain, found, job }));
  });

  app.get('/fleet/find', async (request, reply) => {
    const { q } = search.parse(request.query);
    if (q === '') return await leadTo(reply, '/fleet');
    const job = await readJob((await context.fleet()).queue, q);
    const place = job === undefined ? 'instances' : 'jobs';
    return await leadTo(reply, `/fleet/${place}/${encodeURIComponent(q)}`);
  });
}

/** The latest job of a name, as far as it is known. */
async function latestFacts(fleet: Fleet, domain: string): Promise<JobFacts | undefined> {
  const job = await unlessUnknown(findJob(fleet, domain));
  return job && jobFacts(job, await jobState(job));
}

/** Undefined for what is not there; whatever else is wrong is thrown. */
async function unlessUnknown<T extends object>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof FleetError && (error.code === 'not_found' || error.code === 'unknown_job'))
      return undefined;
    throw error;
  }
}
