import { html } from 'ghtml';
import { awayFor, type WorkerState } from '../../jobs/redis/worker-heartbeat.ts';
import { count } from '../../quantity-text.ts';
import { jobPath, LONGEST_REASON } from '../fleet-api/paths.ts';
import { badge, facts, quoted, timeOf } from './shell/elements.ts';
import { csrfField } from './shell/page-shell.ts';

/** The last time that a date can have, in milliseconds since 1970. */
const LAST_TIME_MS = 8.64e15;

/** All that is known of each worker, and what has it take no further job. */
export function workerCards(workers: readonly WorkerState[], csrf: string | undefined): string {
  return workers.map((worker) => card(worker, csrf)).join('');
}

function card(worker: WorkerState, csrf: string | undefined): string {
  const { id, host, pid, running, concurrency, startedAt, version, done, failed, silentMs, draining } =
    worker;
  return html`<section class="card" aria-label="Worker ${pid}">
<div class="heading"><h2>!${quoted(host)} <span class="faint">process ${pid}</span></h2>!${badge(stateOf(worker))}</div>
!${facts([
    ['Id', html`<code>!${quoted(id)}</code>`],
    ['Version', quoted(version)],
    ['Since', isTime(startedAt) ? timeOf(new Date(startedAt).toISOString()) : ''],
    ['Last sign of life', `${count(Math.max(0, Math.round(silentMs / 1000)))} s ago`],
    ['At work', `${count(running)} of ${count(concurrency)}`],
    ['Done', count(done)],
    ['Failed', count(failed)],
    ['Waits for', awayFor(worker) === '' ? '' : quoted(awayFor(worker))],
    ['Breakers', worker.breakers.map(({ name, reason }) => quoted(`${name}: ${reason}`)).join('<br>')],
    [
      'Draining',
      draining === undefined
        ? ''
        : html`by !${quoted(draining.by)}!${draining.at === 0 ? '' : html` on !${timeOf(new Date(draining.at).toISOString())}`}!${draining.reason === '' ? '' : html`: !${quoted(draining.reason)}`}`,
    ],
  ])}
!${jobs(worker)}
!${drainForm(worker, csrf)}
</section>`;
}

function isTime(ms: number): boolean {
  return Math.abs(ms) <= LAST_TIME_MS;
}

function stateOf({ silent, draining, waitsFor, unwell }: WorkerState): string {
  if (silent) return 'silent';
  if (draining !== undefined) return 'draining';
  return waitsFor === '' && unwell.length === 0 ? 'working' : 'waiting';
}

/** What it is at; its heartbeat may name fewer jobs than run. */
function jobs({ jobs: named, running }: WorkerState): string {
  if (named.length === 0) return '';
  const lines = named.map(
    ({ id, kind, domain, since }) =>
      html`<li><a href="${jobPath(id)}">!${quoted(domain)}</a> <span class="faint">!${quoted(kind)}!${isTime(since) ? html`, since !${timeOf(new Date(since).toISOString())}` : ''}</span></li>`,
  );
  const more = running - named.length;
  return html`<ul>!${lines.join('')}!${more > 0 ? html`<li class="faint">${count(more)} more</li>` : ''}</ul>`;
}

function drainForm({ id, draining }: WorkerState, csrf: string | undefined): string {
  const path = `/fleet/workers/${encodeURIComponent(id)}`;
  if (draining !== undefined) {
    return html`<form class="actions" method="post" action="${path}/undrain">!${csrfField(csrf)}<button class="primary">Take jobs again</button></form>`;
  }
  return html`<details class="ask"><summary class="button">Drain …</summary>
<form method="post" action="${path}/drain">!${csrfField(csrf)}
<p>It takes no further job, finishes those that run, and stays.</p>
<label>Why?<input name="reason" maxlength="${LONGEST_REASON}"></label>
<div class="actions"><button>Drain this worker</button></div></form></details>`;
}
