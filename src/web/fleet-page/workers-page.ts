import type { FastifyInstance } from 'fastify';
import { html } from 'ghtml';
import * as z from 'zod';
import { listWorkers, type WorkerState } from '../../jobs/redis/worker-heartbeat.ts';
import { oneLine } from '../../safe-text.ts';
import { LONGEST_REASON } from '../fleet-api/paths.ts';
import { createQueueSteering } from '../fleet-api/queue-steering.ts';
import { PAGE } from '../http/prefers-page.ts';
import type { WebContext } from '../web-context.ts';
import { liveCount, table, timeText } from './shell/elements.ts';
import { csrfOf, leadTo, sendPage } from './shell/send-page.ts';
import { workerCards } from './worker-cards.ts';

const params = z.object({ worker: z.string() });

/** Why, for the record; a reason that is too long is cut. */
const form = z
  .object({
    reason: z
      .string()
      .transform((text) => text.trim().slice(0, LONGEST_REASON))
      .catch(''),
  })
  .catch({ reason: '' });

const PAGES = { constraints: { prefers: PAGE } };

/** The workers that live, what each is at, and what has one take no further job. */
export async function workersPage(app: FastifyInstance, context: WebContext): Promise<void> {
  app.get('/fleet/workers', PAGES, async (request, reply) => {
    const { redis, keys } = await context.fleet();
    const workers = await listWorkers(redis, keys);
    const main = html`<div class="card">!${workerList(workers)}</div>
<div data-part="workers">!${workerCards(workers, csrfOf(request, reply))}</div>
<p class="faint">A worker that says nothing for 15 seconds is taken for dead, and its jobs go on with another one.</p>`;
    return await sendPage(request, reply, {
      title: 'Workers',
      place: '/fleet/workers',
      main,
      events: '/fleet/events',
    });
  });

  const steering = createQueueSteering(context);

  app.post('/fleet/workers/:worker/drain', PAGES, async (request, reply) => {
    const { worker } = params.parse(request.params);
    await steering.drain(request, worker, form.parse(request.body).reason);
    return await leadTo(reply, '/fleet/workers');
  });

  app.post('/fleet/workers/:worker/undrain', PAGES, async (request, reply) => {
    const { worker } = params.parse(request.params);
    await steering.undrain(request, worker, form.parse(request.body).reason);
    return await leadTo(reply, '/fleet/workers');
  });
}

const HEADS = ['Worker', { number: 'At work' }, 'Waits for', 'Since'];

const BLANK: WorkerState = {
  id: '',
  host: '',
  pid: 0,
  concurrency: 0,
  running: 0,
  startedAt: 0,
  waitsFor: '',
  version: '',
  done: 0,
  failed: 0,
  jobs: [],
  breakers: [],
  unwell: [],
  silentMs: 0,
  silent: false,
};

/** The workers as a table that follows. */
export function workerList(workers: readonly WorkerState[]): string {
  return html`<p class="empty" data-if="noWorkers" !${workers.length === 0 ? '' : 'hidden'}>No worker runs. Start one: <code>cozy-fleet workers start</code></p>
<template id="worker-row">!${row(BLANK)}</template>
!${table('Workers', HEADS, workers.map(row).join(''), html`data-list="workers" data-key="id" data-template="worker-row"`)}`;
}

function row({ id, host, pid, running, concurrency, startedAt, waitsFor }: WorkerState): string {
  const since = startedOn(startedAt);
  return html`<tr data-id="${oneLine(id)}">
<th scope="row"><bdi data-live="host">${oneLine(host)}</bdi> <span class="faint">process <span data-live="pid">${pid}</span></span></th>
<td class="number" data-label="At work">!${liveCount('running', running)} <span class="faint">of !${liveCount('concurrency', concurrency)}</span></td>
<td data-label="Waits for"><bdi data-live="waitsFor">${oneLine(waitsFor)}</bdi></td>
<td data-label="Since"><time data-live="startedAt" data-as="time" datetime="${since}">${timeText(since)}</time></td>
</tr>`;
}

/** The last time that a date can have, in milliseconds since 1970. */
const LAST_TIME_MS = 8.64e15;

/** Redis may say any number. */
function startedOn(time: number): string {
  return Math.abs(time) <= LAST_TIME_MS ? new Date(time).toISOString() : '';
}
