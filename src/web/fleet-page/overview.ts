import type { FastifyInstance } from 'fastify';
import { html } from 'ghtml';
import { type FleetSnapshot, fleetSnapshot } from '../../operations/batches/fleet-snapshot.ts';
import { PAGE } from '../http/prefers-page.ts';
import type { WebContext } from '../web-context.ts';
import { batchList } from './batches/batch-list.ts';
import { rateChart } from './shell/charts.ts';
import { liveCount, tiles } from './shell/elements.ts';
import type { PageContent } from './shell/page-shell.ts';
import { sendPage } from './shell/send-page.ts';
import { workerList } from './workers-page.ts';

/** The first page: how the fleet stands. */
export async function overview(app: FastifyInstance, context: WebContext): Promise<void> {
  app.get('/fleet', { constraints: { prefers: PAGE } }, async (request, reply) => {
    const snapshot = await fleetSnapshot(await context.fleet());
    return await sendPage(request, reply, overviewPage(snapshot));
  });
}

function overviewPage({ batches, queue, workers, rate }: FleetSnapshot): PageContent {
  const { jobs } = queue;
  const main = html`!${tiles([
    { name: 'waiting', value: liveCount('queue.jobs.waiting', jobs.waiting) },
    { name: 'at work', value: liveCount('queue.jobs.active', jobs.active), tone: 'busy' },
    { name: 'trying again', value: liveCount('queue.jobs.retrying', jobs.retrying) },
    { name: 'failed jobs', value: liveCount('queue.jobs.failed', jobs.failed), tone: 'bad' },
    { name: 'workers', value: liveCount('workers.length', workers.length) },
  ])}
<p class="note warn" data-if="isIdle" !${workers.length === 0 && jobs.waiting > 0 ? '' : 'hidden'}>Work is waiting, and no worker runs. Start one: <code>cozy-fleet workers start</code></p>
<section class="card" aria-labelledby="batches-title">
<div class="heading"><h2 id="batches-title">Batches</h2><a class="button primary" href="/fleet/batches/new">Submit a file</a></div>
!${batchList(batches)}
</section>
<div class="columns">
!${rateChart(rate, 'Nothing has ended in the last half hour.')}
<section class="card" aria-labelledby="workers-title">
<h2 id="workers-title">Workers</h2>
!${workerList(workers)}
</section>
</div>
<section class="card" aria-labelledby="find-title">
<h2 id="find-title">Find an instance or a job</h2>
<form class="inline" method="get" action="/fleet/find" role="search">
<label for="q">Domain, or id of a job</label>
<input id="q" name="q" type="search" maxlength="300" required autocapitalize="none" spellcheck="false">
<button>Find</button>
</form>
</section>`;
  return { title: 'Overview', place: '/fleet', main, events: '/fleet/events', hasCharts: true };
}
