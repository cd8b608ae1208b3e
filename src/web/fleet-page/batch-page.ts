import { html } from 'ghtml';
import { JOB_KINDS, stageLabel, stagesOf } from '../../jobs/kinds/job-kinds.ts';
import type { BatchSnapshot } from '../../operations/batches/batch-snapshot.ts';
import type { StageCount } from '../../operations/batches/stage-counts.ts';
import { count } from '../../quantity-text.ts';
import { missedCount, progressSentence, rateText, timeLeft } from './batch-figures.ts';
import { failureChart, rateChart } from './charts.ts';
import { badge, bar, facts, liveCount, quoted, table, tiles, timeOf } from './elements.ts';
import { csrfField, type PageContent } from './page-shell.ts';

/** All about one batch. @param rows HTML of the list of its rows */
export function batchPage(batch: BatchSnapshot, rows: string, csrf: string | undefined): PageContent {
  const { batch: id, name, state, total, counts } = batch;
  const main = html`<p class="faint">Batch <code>${id}</code> · ${JOB_KINDS[batch.kind].words.noun} · by !${quoted(batch.by)} · !${timeOf(batch.createdAt)}</p>
!${haltNote(batch)}
<section class="card" aria-labelledby="progress-title">
<h2 id="progress-title" class="visually-hidden">Progress</h2>
!${bar(counts, total)}
<p class="lead"><span data-live="sentence">${progressSentence(batch)}</span></p>
!${tiles([
    { name: JOB_KINDS[batch.kind].words.done, value: liveCount('counts.done', counts.done), tone: 'good' },
    { name: 'skipped', value: liveCount('counts.skipped', counts.skipped) },
    { name: 'failed', value: liveCount('counts.failed', counts.failed), tone: 'bad' },
    { name: 'incomplete', value: liveCount('counts.incomplete', counts.incomplete), tone: 'bad' },
    { name: 'cancelled', value: liveCount('counts.cancelled', counts.cancelled) },
    { name: 'at work', value: liveCount('counts.active', counts.active), tone: 'busy' },
    { name: 'trying again', value: liveCount('counts.retrying', counts.retrying) },
    { name: 'waiting', value: liveCount('counts.waiting', counts.waiting) },
    {
      name: 'rate',
      value: html`<span data-live="perSecond" data-as="rate">${rateText(batch.perSecond)}</span>`,
    },
    { name: 'time left', value: html`<span data-live="left">${timeLeft(batch)}</span>` },
  ])}
!${actions(batch, csrf)}
</section>
<div class="columns">
!${rateChart(batch.rate)}
!${stages(batch)}
</div>
!${failureChart(batch.failures)}
!${rows}`;
  return {
    title: name === '' ? `Batch ${id}` : name,
    beside: badge(state, 'state'),
    main,
    hasCharts: true,
    ...(state === 'running' ? { events: `/fleet/batches/${encodeURIComponent(id)}/events` } : {}),
  };
}

function haltNote({ halt, haltReason = '', reason }: BatchSnapshot): string {
  const why =
    halt === 'cancelled' ? 'It was cancelled' : 'It stopped by itself, for too many instances failed';
  return facts([
    ['Reason', reason === '' ? '' : quoted(reason)],
    [
      'Stopped',
      halt === undefined ? '' : html`${why}!${haltReason === '' ? '' : html`: !${quoted(haltReason)}`}`,
    ],
  ]);
}

/** What an operator may do with it; what is of no use now is hidden. */
function actions({ batch, state, counts }: BatchSnapshot, csrf: string | undefined): string {
  const missed = missedCount(counts);
  const path = `/fleet/batches/${encodeURIComponent(batch)}`;
  return html`<div class="actions">
<form method="post" action="${path}/retry" data-if="missed" !${missed === 0 ? 'hidden' : ''}>!${csrfField(csrf)}
<button class="primary">Try again what failed (!${liveCount('missed', missed)})</button></form>
<a class="button danger" href="${path}/cancel" data-if="isRunning" !${state === 'running' ? '' : 'hidden'}>Cancel …</a>
</div>`;
}

/** Where its instances are, and where those stopped that failed. */
function stages({ kind, activeByStage, failedByStage }: BatchSnapshot): string {
  const lines = stagesOf(kind).map((stage) => {
    const active = rowsAt(activeByStage, stage);
    const failed = rowsAt(failedByStage, stage);
    return html`<tr><th scope="row">${stageLabel(stage)}</th>
<td class="number"><span data-stage="${stage}" data-of="activeByStage">${count(active)}</span></td>
<td class="number"><span data-stage="${stage}" data-of="failedByStage">${count(failed)}</span></td></tr>`;
  });
  return html`<section class="card" aria-labelledby="stages-title">
<h2 id="stages-title">By stage</h2>
!${table('Instances by stage', ['Stage', { number: 'At work' }, { number: 'Stopped here' }], lines.join(''))}
</section>`;
}

function rowsAt(counts: readonly StageCount[], stage: string): number {
  return counts.find((each) => each.stage === stage)?.rows ?? 0;
}
