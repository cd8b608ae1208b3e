import type { FastifyInstance } from 'fastify';
import { html } from 'ghtml';
import * as z from 'zod';
import { type QueueStats, queueStats, type WantedBy } from '../../operations/queue/queue-stats.ts';
import { count } from '../../quantity-text.ts';
import { batchPath, LONGEST_REASON } from '../fleet-api/paths.ts';
import { readQueueLimits } from '../fleet-api/queue-routes.ts';
import { createQueueSteering } from '../fleet-api/queue-steering.ts';
import { PAGE } from '../http/prefers-page.ts';
import type { WebContext } from '../web-context.ts';
import { wanted } from './batches/hold-notes.ts';
import { facts, fixedCount, quoted, tiles, timeOf } from './shell/elements.ts';
import { csrfField, type PageContent } from './shell/page-shell.ts';
import { csrfOf, leadTo, sendPage } from './shell/send-page.ts';

const PATH = '/fleet/queue';

const PAGES = { constraints: { prefers: PAGE } };

const text = z
  .string()
  .transform((typed) => typed.trim().slice(0, LONGEST_REASON))
  .catch('');

/** What was shown goes with what is typed: only what somebody has changed is written. */
const form = z
  .object({ reason: text, concurrency: text, was_concurrency: text, rate: text, was_rate: text })
  .catch({ reason: '', concurrency: '', was_concurrency: '', rate: '', was_rate: '' });

/** The queue as a whole: how it stands, who paused or limited it and why, and the forms to do so. */
export async function queuePage(app: FastifyInstance, context: WebContext): Promise<void> {
  const steering = createQueueSteering(context);

  app.get(PATH, PAGES, async (request, reply) => {
    const stats = await queueStats(await context.fleet());
    return await sendPage(request, reply, pageOf(stats, csrfOf(request, reply)));
  });

  app.post(`${PATH}/pause`, PAGES, async (request, reply) => {
    await steering.pause(request, form.parse(request.body).reason);
    return await leadTo(reply, PATH);
  });

  app.post(`${PATH}/resume`, PAGES, async (request, reply) => {
    await steering.resume(request, form.parse(request.body).reason);
    return await leadTo(reply, PATH);
  });

  app.post(`${PATH}/limits`, PAGES, async (request, reply) => {
    const { reason, concurrency, was_concurrency, rate, was_rate } = form.parse(request.body);
    const texts = {
      concurrency: concurrency === was_concurrency ? undefined : concurrency || 'none',
      rate: rate === was_rate ? undefined : rate || 'none',
    };
    const change = readQueueLimits(texts);
    if (Object.keys(change).length > 0) await steering.limit(request, change, reason);
    return await leadTo(reply, PATH);
  });
}

function pageOf(stats: QueueStats, csrf: string | undefined): PageContent {
  const { jobs, oldestWaiting, endedLastMinute, workers, paused, concurrency, rate, away, batches } = stats;
  const ended = Object.values(endedLastMinute).reduce((sum, number) => sum + number, 0);
  const main = html`!${paused === undefined ? '' : pausedNote(paused, csrf)}
!${away.map(({ name, reason }) => html`<p class="note warn">!${quoted(`${name}: ${reason}`)}</p>`).join('')}
!${tiles([
    { name: 'waiting', value: fixedCount(jobs.waiting) },
    { name: 'at work', value: fixedCount(jobs.active), tone: 'busy' },
    { name: 'trying again', value: fixedCount(jobs.retrying) },
    { name: 'ended in the last minute', value: fixedCount(ended), tone: 'good' },
    {
      name: 'of them failed',
      value: fixedCount(endedLastMinute.failed + endedLastMinute.incomplete),
      tone: 'bad',
    },
    {
      name: 'workers',
      value: fixedCount(workers.working + workers.waiting + workers.draining + workers.silent),
    },
    { name: 'can run at a time', value: fixedCount(workers.slots) },
  ])}
<section class="card" aria-labelledby="queue-title"><h2 id="queue-title">What holds it back</h2>
!${facts([
    ['Waits the longest', oldestWaiting === undefined ? '' : html`since !${timeOf(oldestWaiting)}`],
    ['Workers', workersText(workers)],
    ['Paused', paused === undefined ? 'no' : wanted(paused)],
    [
      'At a time',
      concurrency === undefined
        ? 'no limit'
        : html`at most ${count(concurrency.most)}, !${wanted(concurrency)}`,
    ],
    ['Begin', rate === undefined ? 'no limit' : html`at most ${rate.limit}, !${wanted(rate)}`],
  ])}
<form method="post" action="${PATH}/limits">
!${csrfField(csrf)}
<p class="faint">Of all workers together, single commands included. What runs goes on.</p>
<input type="hidden" name="was_concurrency" value="${concurrency?.most ?? ''}">
<input type="hidden" name="was_rate" value="${rate?.limit ?? ''}">
<div class="fields">
<div><label for="concurrency">Most jobs at a time</label>
<input id="concurrency" name="concurrency" value="${concurrency?.most ?? ''}" maxlength="10" inputmode="numeric" placeholder="no limit" autocomplete="off"></div>
<div><label for="rate">Most jobs that begin</label>
<input id="rate" name="rate" value="${rate?.limit ?? ''}" maxlength="20" placeholder="no limit; 5/s or 30/m" autocomplete="off"></div>
</div>
<label for="reason">Why? It is kept with it.</label>
<input id="reason" name="reason" maxlength="${LONGEST_REASON}">
<div class="actions"><button class="primary">Set these limits</button>
!${paused === undefined ? html`<button class="danger" formaction="${PATH}/pause">Pause all work</button>` : ''}</div>
</form></section>
!${batches.length === 0 ? '' : underWay(batches)}
<p><a href="/fleet/board">The queue as BullMQ's board shows it</a></p>`;
  return { title: 'Queue', place: PATH, main };
}

function pausedNote(paused: WantedBy, csrf: string | undefined): string {
  return html`<div class="note warn held"><p>All work is paused, !${wanted(paused)}. What runs goes on.</p>
<form method="post" action="${PATH}/resume">!${csrfField(csrf)}<button class="primary">Resume</button></form></div>`;
}

function workersText({ working, waiting, draining, silent }: QueueStats['workers']): string {
  const parts = [
    [working, 'working'],
    [waiting, 'waiting for what is away'],
    [draining, 'draining'],
    [silent, 'silent'],
  ] as const;
  return parts.flatMap(([number, what]) => (number === 0 ? [] : [`${count(number)} ${what}`])).join(', ');
}

function underWay(batches: QueueStats['batches']): string {
  const lines = batches.map(
    ({ batch, name, total, ended }) =>
      html`<li><a href="${batchPath(batch)}">!${quoted(name === '' ? batch : name)}</a>: ${count(ended)} of ${count(total)} ended</li>`,
  );
  return html`<section class="card" aria-labelledby="under-way"><h2 id="under-way">Batches under way</h2><ul>!${lines.join('')}</ul></section>`;
}
