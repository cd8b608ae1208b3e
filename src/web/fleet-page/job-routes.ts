import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { readJob } from '../../jobs/queue/read-job.ts';
import { instanceOverview } from '../../operations/instances/instance-overview.ts';
import { findJobFacts } from '../../operations/jobs/find-job.ts';
import { jobPath } from '../fleet-api/paths.ts';
import { createSteering } from '../fleet-api/steering.ts';
import { PAGE } from '../http/prefers-page.ts';
import type { WebContext } from '../web-context.ts';
import { instancePage } from './instance-page.ts';
import { jobPage } from './job-page.ts';
import { csrfOf, leadTo, sendPage } from './shell/send-page.ts';

const jobParams = z.object({ id: z.string() });
const instanceParams = z.object({ domain: z.string() });
const search = z.object({ q: z.string().trim().max(300).catch('') });

const PAGES = { constraints: { prefers: PAGE } };

/** Single jobs and single instances. */
export async function jobRoutes(app: FastifyInstance, context: WebContext): Promise<void> {
  const steering = createSteering(context);

  app.get('/fleet/jobs/:id', PAGES, async (request, reply) => {
    const { id } = jobParams.parse(request.params);
    const job = await findJobFacts(await context.fleet(), id);
    return await sendPage(request, reply, jobPage(job, csrfOf(request, reply)));
  });

  app.post('/fleet/jobs/:id/retry', PAGES, async (request, reply) => {
    const { id } = jobParams.parse(request.params);
    await steering.retryJob(request, id, '');
    return await leadTo(reply, jobPath(id));
  });

  app.post('/fleet/jobs/:id/cancel', PAGES, async (request, reply) => {
    const { id } = jobParams.parse(request.params);
    await steering.cancelJob(request, id, '');
    return await leadTo(reply, jobPath(id));
  });

  app.get('/fleet/instances/:domain', PAGES, async (request, reply) => {
    const { domain } = instanceParams.parse(request.params);
    const known = await instanceOverview(await context.fleet(), context.couch.global, domain);
    return await sendPage(request, reply, instancePage(known));
  });

  app.get('/fleet/find', async (request, reply) => {
    const { q } = search.parse(request.query);
    if (q === '') return await leadTo(reply, '/fleet');
    const job = await readJob((await context.fleet()).queue, q);
    const place = job === undefined ? 'instances' : 'jobs';
    return await leadTo(reply, `/fleet/${place}/${encodeURIComponent(q)}`);
  });
}
