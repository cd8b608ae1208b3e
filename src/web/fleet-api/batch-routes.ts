import * as z from 'zod';
import type { Row } from '../../jobs/batches/batches.ts';
import { ROW_STATES } from '../../jobs/batches/row-state.ts';
import { batchSummary } from '../../operations/batches/batch-state.ts';
import type { RetriedCauses } from '../../operations/batches/retry-batch.ts';
import { rowPage } from '../../operations/batches/row-page.ts';
import type { WebContext } from '../web-context.ts';
import type { FleetDesk } from './fleet-desk.ts';
import { batchParams, LONGEST_REASON, limitOf, reasonBody } from './paths.ts';
import { batchSnapshotAnswer, batchSummaryAnswer, problems, rowsAnswer } from './schemas.ts';
import { createSteering } from './steering.ts';
import type { ZodApp } from './zod-routes.ts';

const retryAnswer = z.object({
  batch: z.string(),
  queued: z.int(),
  refused: z.int(),
  refusedRows: z
    .array(z.object({ row: z.int(), domain: z.string(), code: z.string(), message: z.string() }).readonly())
    .readonly()
    .describe('The first of them.'),
});

const retryBody = z
  .strictObject({
    reason: z.string().max(LONGEST_REASON).default('').describe('Why, for the record.'),
    stage: z.string().max(64).optional().describe('Empty for rows that stopped before any stage.'),
    error: z.string().min(1).max(64).optional().describe('Code of what went wrong.'),
  })
  .nullish();

const cancelAnswer = z.object({ batch: z.string(), stopped: z.int(), passedOver: z.int() });

/** Batches that are there: lists, one with all that is known, its rows; tried again, and stopped. */
export function batchRoutes(app: ZodApp, context: WebContext, desk: FleetDesk): void {
  const steering = createSteering(context);

  app.route({
    method: 'GET',
    url: '/fleet/batches',
    schema: {
      summary: 'List batches, newest first',
      querystring: z.strictObject({ limit: limitOf(20, 200) }),
      response: { 200: z.object({ batches: z.array(batchSummaryAnswer) }), ...problems },
    },
    handler: async ({ query: { limit } }) => {
      const { batches } = await context.fleet();
      return { batches: (await batches.list(limit)).map(batchSummary) };
    },
  });

  app.route({
    method: 'GET',
    url: '/fleet/batches/:id',
    schema: {
      summary: 'How a batch stands',
      params: batchParams,
      response: { 200: batchSnapshotAnswer, ...problems },
    },
    handler: async ({ params: { id } }) => await desk.feeds.snapshot(await context.fleet(), id),
  });

  app.route({
    method: 'GET',
    url: '/fleet/batches/:id/rows',
    schema: {
      summary: 'Rows of a batch, in the order of its file',
      description: 'The next page is that with cursor=next. Register tokens are never among them.',
      params: batchParams,
      querystring: z.strictObject({
        state: z.enum(ROW_STATES).optional(),
        cursor: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
        limit: limitOf(100, 1000),
      }),
      response: { 200: rowsAnswer, ...problems },
    },
    handler: async ({ params: { id }, query: { state, cursor, limit } }) => {
      const states = state === undefined ? [] : [state];
      const { rows, next } = await rowPage(await context.fleet(), id, { states, after: cursor, limit });
      return { rows: rows.map(shownRow), ...(next !== undefined && { next }) };
    },
  });

  app.route({
    method: 'POST',
    url: '/fleet/batches/:id/retry',
    schema: {
      summary: 'Try the rows of a batch again that failed, are incomplete or were cancelled',
      description: 'With `stage` or `error` only rows that stopped there, or for that cause.',
      params: batchParams,
      body: retryBody,
      response: { 200: retryAnswer, ...problems },
    },
    handler: async (request) => {
      const { id } = request.params;
      const { reason = '', stage, error } = request.body ?? {};
      const causes = chosenCauses(stage, error);
      return { batch: id, ...(await steering.retryBatch(request, id, reason, causes)) };
    },
  });

  app.route({
    method: 'POST',
    url: '/fleet/batches/:id/cancel',
    schema: {
      summary: 'Stop a batch',
      description:
        'What runs stops at its next safe point, what waits is passed over. Instances that were made stay.',
      params: batchParams,
      body: reasonBody,
      response: { 200: cancelAnswer, ...problems },
    },
    handler: async (request) => {
      const { id } = request.params;
      return { batch: id, ...(await steering.cancelBatch(request, id, request.body?.reason ?? '')) };
    },
  });
}

/** Which causes are meant; none that is named means all. @param stage may be empty */
export function chosenCauses(stage: string | undefined, code: string | undefined): RetriedCauses {
  return { stages: stage === undefined ? [] : [stage], codes: code === undefined ? [] : [code] };
}

/** What is told of a row: no more than is listed here, whatever Redis has of it. */
function shownRow(shown: Row) {
  const { row, kind, domain, state, jobId, stage, tries, code, error, advice, archive, untold, waitsOn } =
    shown;
  return {
    row,
    ...(kind !== undefined && { kind }),
    domain,
    state,
    ...(jobId !== undefined && { jobId }),
    ...(stage !== undefined && { stage }),
    ...(tries !== undefined && { tries }),
    ...(code !== undefined && { code }),
    ...(error !== undefined && { message: error }),
    ...(advice !== undefined && { advice }),
    ...(archive !== undefined && { archive }),
    ...(untold !== undefined && { untold }),
    ...(waitsOn !== undefined && { waitsOn }),
  };
}
