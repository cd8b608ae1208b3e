import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { FleetError, InputError } from '../../errors.ts';
import { MOST_ENTRIES } from '../../jobs/queue/instance-history.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import { type InstanceHistory, instanceHistory } from '../../operations/instances/instance-history.ts';
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
    const fleet = await context.fleet();
    const known = await instanceOverview(fleet, context.couch.global, domain).catch(missing);
    const name = known instanceof FleetError ? domain : known.domain;
    const history = await instanceHistory(fleet, name, MOST_ENTRIES).catch(nameless);
    // What was removed long ago has a history still.
    if (known instanceof FleetError && history.entries.length === 0) throw known;
    const overview = known instanceof FleetError ? { domain: history.domain, jobs: [] } : known;
    return await sendPage(request, reply, instancePage(overview, history.entries));
  });

  app.get('/fleet/find', async (request, reply) => {
    const { q } = search.parse(request.query);
    if (q === '') return await leadTo(reply, '/fleet');
    const job = await readJob((await context.fleet()).queue, q);
    const place = job === undefined ? 'instances' : 'jobs';
    return await leadTo(reply, `/fleet/${place}/${encodeURIComponent(q)}`);
  });
}

/** That there is neither an instance nor a job is an answer. */
function missing(error: unknown): FleetError {
  if (error instanceof FleetError && error.code === 'not_found') return error;
  throw error;
}

/** What a document calls its domain may be no name at all. */
function nameless(error: unknown): InstanceHistory {
  if (error instanceof InputError) return { domain: '', entries: [] };
  throw error;
}
