import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { listWorkers } from '../../jobs/redis/worker-heartbeat.ts';
import { batchSnapshot } from '../../operations/batches/batch-snapshot.ts';
import { cancelBatch } from '../../operations/batches/cancel-batch.ts';
import { type RefusedRow, retryBatch } from '../../operations/batches/retry-batch.ts';
import { rowPage } from '../../operations/batches/row-page.ts';
import { actorOf } from '../fleet-api/actor.ts';
import { PAGE } from '../http/prefers-page.ts';
import type { WebContext } from '../web-context.ts';
import { cancelPage, refusedPage } from './batch-actions.ts';
import { batchPage } from './batch-page.ts';
import { batchRows, ROWS_SHOWN, rowQuery } from './batch-rows.ts';
import { csrfOf, sendPage } from './send-page.ts';
import { leadTo } from './sign-in.ts';

const params = z.object({ id: z.string() });

/** Characters of a reason. */
const LONGEST_REASON = 500;

const cancelForm = z
  .object({ reason: z.string().trim().max(LONGEST_REASON).catch('') })
  .catch({ reason: '' });

/** Rows that are named of those that could not be tried again. */
const MOST_NAMED = 100;

const PAGES = { constraints: { prefers: PAGE } };

/** One batch, and what an operator does with it. */
export async function batchRoutes(app: FastifyInstance, context: WebContext): Promise<void> {
  app.get('/fleet/batches/:id', PAGES, async (request, reply) => {
    const { id } = params.parse(request.params);
    const shown = rowQuery.parse(request.query);
    const fleet = await context.fleet();
    const batch = await batchSnapshot(fleet, id);
    const states = shown.state === undefined ? [] : [shown.state];
    const page = await rowPage(fleet, id, { states, after: shown.after, limit: ROWS_SHOWN });
    const { length: workers } = await listWorkers(fleet.redis, fleet.keys);
    const surroundings = { rows: batchRows(batch, page, shown), workers };
    return await sendPage(request, reply, batchPage(batch, surroundings, csrfOf(request, reply)));
  });

  app.post('/fleet/batches/:id/retry', PAGES, async (request, reply) => {
    const { id } = params.parse(request.params);
    const named: RefusedRow[] = [];
    const retried = await retryBatch(await context.fleet(), id, (row) => {
      if (named.length < MOST_NAMED) named.push(row);
    });
    if (retried.refused === 0) return await leadTo(reply, pathOf(id));
    return await sendPage(request, reply, refusedPage(id, retried, named));
  });

  app.get('/fleet/batches/:id/cancel', PAGES, async (request, reply) => {
    const { id } = params.parse(request.params);
    const batch = await batchSnapshot(await context.fleet(), id);
    return await sendPage(request, reply, cancelPage(batch, '', csrfOf(request, reply)));
  });

  app.post('/fleet/batches/:id/cancel', PAGES, async (request, reply) => {
    const { id } = params.parse(request.params);
    const { reason } = cancelForm.parse(request.body);
    const fleet = await context.fleet();
    if (reason === '') {
      const problem = `Say why, in at most ${LONGEST_REASON} characters.`;
      reply.code(400);
      const page = cancelPage(await batchSnapshot(fleet, id), problem, csrfOf(request, reply));
      return await sendPage(request, reply, page);
    }
    await cancelBatch(fleet, id, actorOf(request), reason);
    return await leadTo(reply, pathOf(id));
  });
}

function pathOf(id: string): string {
  return `/fleet/batches/${encodeURIComponent(id)}`;
}
