import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { readControls } from '../../../jobs/queue/queue-controls.ts';
import { listWorkers } from '../../../jobs/redis/worker-heartbeat.ts';
import { failureGroups, waitingRows } from '../../../operations/batches/failure-groups.ts';
import { rowPage } from '../../../operations/batches/row-page.ts';
import { wantedBy } from '../../../operations/queue/queue-stats.ts';
import { chosenCauses } from '../../fleet-api/batch-routes.ts';
import { deskOf } from '../../fleet-api/fleet-desk.ts';
import { batchPath, LONGEST_REASON } from '../../fleet-api/paths.ts';
import { createSteering } from '../../fleet-api/steering.ts';
import { PAGE } from '../../http/prefers-page.ts';
import type { WebContext } from '../../web-context.ts';
import { csrfOf, leadTo, sendPage } from '../shell/send-page.ts';
import { cancelPage, refusedPage } from './batch-actions.ts';
import { batchPage } from './batch-page.ts';
import { batchRows, ROWS_SHOWN, rowQuery } from './batch-rows.ts';
import { failureTable } from './failure-table.ts';
import { holdCard, holdNotes, surroundingHolds } from './hold-notes.ts';
import { holdRoutes } from './hold-routes.ts';

const params = z.object({ id: z.string().toUpperCase() });

const cancelForm = z
  .object({ reason: z.string().trim().max(LONGEST_REASON).catch('') })
  .catch({ reason: '' });

/** Which rows are tried again; an empty stage stands for those that stopped before any. */
const retryForm = z
  .object({ stage: z.string().optional(), error: z.string().min(1).optional() })
  .nullish()
  .transform((form) => form ?? {});

const PAGES = { constraints: { prefers: PAGE } };

/** One batch, and what an operator does with it. */
export async function batchRoutes(app: FastifyInstance, context: WebContext): Promise<void> {
  const steering = createSteering(context);
  await holdRoutes(app, context);
  const { feeds } = deskOf(context);
  const snapshotOf = async (id: string) => await feeds.snapshot(await context.fleet(), id);

  app.get('/fleet/batches/:id', PAGES, async (request, reply) => {
    const { id } = params.parse(request.params);
    const shown = rowQuery.parse(request.query);
    const fleet = await context.fleet();
    const batch = await snapshotOf(id);
    const states = shown.state === undefined ? [] : [shown.state];
    const page = await rowPage(fleet, id, { states, after: shown.after, limit: ROWS_SHOWN });
    const csrf = csrfOf(request, reply);
    const record = await fleet.batches.get(id);
    const [workers, { paused }, groups, waits] = await Promise.all([
      listWorkers(fleet.redis, fleet.keys),
      readControls(fleet),
      failureGroups(fleet, id),
      waitingRows(fleet.batches, record),
    ]);
    const now = Date.now();
    const surroundings = {
      rows: batchRows(batch, page, shown),
      failures: failureTable(id, groups, csrf),
      idle: surroundingHolds(record, workers, paused && wantedBy(paused), waits),
      hold: holdNotes(record, now, csrf),
      steering: holdCard(record, now, csrf),
    };
    return await sendPage(request, reply, batchPage(batch, surroundings, csrf));
  });

  app.post('/fleet/batches/:id/retry', PAGES, async (request, reply) => {
    const { id } = params.parse(request.params);
    const { stage, error } = retryForm.parse(request.body);
    const retried = await steering.retryBatch(request, id, '', chosenCauses(stage, error));
    if (retried.refused === 0) return await leadTo(reply, batchPath(id));
    return await sendPage(request, reply, refusedPage(id, retried));
  });

  app.get('/fleet/batches/:id/cancel', PAGES, async (request, reply) => {
    const { id } = params.parse(request.params);
    const batch = await snapshotOf(id);
    return await sendPage(request, reply, cancelPage(batch, '', csrfOf(request, reply)));
  });

  app.post('/fleet/batches/:id/cancel', PAGES, async (request, reply) => {
    const { id } = params.parse(request.params);
    const { reason } = cancelForm.parse(request.body);
    if (reason === '') {
      const problem = `Say why, in at most ${LONGEST_REASON} characters.`;
      reply.code(400);
      const page = cancelPage(await snapshotOf(id), problem, csrfOf(request, reply));
      return await sendPage(request, reply, page);
    }
    await steering.cancelBatch(request, id, reason);
    return await leadTo(reply, batchPath(id));
  });
}
