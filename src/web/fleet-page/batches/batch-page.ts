import { html } from 'ghtml';
import { stagesOfBatch, wordsOfBatch } from '../../../jobs/batches/batch-kind.ts';
import { stageLabel } from '../../../jobs/kinds/job-kinds.ts';
import type { BatchSnapshot } from '../../../operations/batches/batch-snapshot.ts';
import type { StageCount } from '../../../operations/batches/stage-counts.ts';
import { count } from '../../../quantity-text.ts';
import { batchPath } from '../../fleet-api/paths.ts';
import { failureChart, rateChart } from '../shell/charts.ts';
import { badge, bar, facts, liveCount, quoted, shownIf, table, tiles, timeOf } from '../shell/elements.ts';
import { csrfField, type PageContent } from '../shell/page-shell.ts';
import { missedCount, progressSentence, rateText, shownState, timeLeft, tookText } from './batch-figures.ts';

/** What is shown of a batch beside its own figures. */
export interface BatchSurroundings {
  /** HTML of the list of its rows. */
  readonly rows: string;
  /** HTML of what went wrong in it. */
  readonly failures: string;
  /** HTML of what of the fleet keeps it from going on. */
  readonly idle: string;
  /** HTML of what holds it back of itself. */
  readonly hold: string;
  /** HTML of what is set for it, and of the form to change that; empty where nothing can be. */
  readonly steering: string;
}

/** All about one batch. */
export function batchPage(
  batch: BatchSnapshot,
  { rows, failures, idle, hold, steering }: BatchSurroundings,
  csrf: string | undefined,
): PageContent {
  const { batch: id, name, total, counts, endedAt } = batch;
  const isRunning = endedAt === undefined;
  const main = html`<p class="faint">Batch <code>${id}</code> · ${wordsOfBatch(batch.kind).noun} · by !${quoted(batch.by)} · !${timeOf(batch.createdAt)}</p>
!${haltNote(batch)}
<div data-part="hold">!${hold}</div>
<div data-part="idle">!${idle}</div>
<section class="card" aria-labelledby="progress-title">
<h2 id="progress-title" class="visually-hidden">Progress</h2>
!${bar(counts, total)}
<p class="lead"><span data-live="sentence">${progressSentence(batch)}</span></p>
!${tiles([
    { name: wordsOfBatch(batch.kind).done, value: liveCount('counts.done', counts.done), tone: 'good' },
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
      when: ['isRunning', isRunning],
    },
    {
      name: 'time left',
      value: html`<span data-live="left">${timeLeft(batch)}</span>`,
      when: ['isRunning', isRunning],
    },
    {
      name: 'took',
      value: html`<span data-live="took">${tookText(batch)}</span>`,
      when: ['took', !isRunning],
    },
  ])}
!${actions(batch, csrf)}
</section>
<section class="card" aria-label="Hold back" !${shownIf('canCancel', steering !== '')} data-part="steering">!${steering}</section>
<div class="columns">
!${rateChart(batch.rate, 'Nothing has ended yet.')}
!${stages(batch)}
</div>
!${failureChart(batch.failures, failures)}
!${rows}`;
  return {
    title: name === '' ? `Batch ${id}` : name,
    beside: badge(shownState(batch), 'state'),
    main,
    hasCharts: true,
    ...(isRunning ? { events: `${batchPath(id)}/events` } : {}),
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
function actions({ batch, endedAt, halt, counts }: BatchSnapshot, csrf: string | undefined): string {
  const missed = missedCount(counts);
  const canCancel = endedAt === undefined && halt === undefined;
  const path = batchPath(batch);
  // What comes up while somebody looks must not push away what they are about to press.
  return html`<div class="actions">
<a class="button danger" href="${path}/cancel" !${shownIf('canCancel', canCancel)}>Cancel …</a>
<form method="post" action="${path}/retry" !${shownIf('missed', missed > 0)}>!${csrfField(csrf)}
<button class="primary">Try again what is not done (!${liveCount('missed', missed)})</button></form>
</div>`;
}

/** Where its instances are, and where those stopped that failed. */
function stages({ kind, activeByStage, failedByStage }: BatchSnapshot): string {
  const lines = stagesOfBatch(kind).map((stage) => {
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
