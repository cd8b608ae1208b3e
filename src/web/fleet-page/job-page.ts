import { html } from 'ghtml';
import { isPoolName } from '../../jobs/kinds/fill-pool.ts';
import { stageLabel } from '../../jobs/kinds/job-kinds.ts';
import type { JobFacts } from '../../operations/jobs/job-facts.ts';
import { count, readableDuration } from '../../quantity-text.ts';
import { batchPath, jobPath } from '../fleet-api/paths.ts';
import { badge, facts, instanceLink, quoted, table, timeOf, timeText } from './shell/elements.ts';
import { csrfField, type PageContent } from './shell/page-shell.ts';

/** Everything about one job. */
export function jobPage(job: JobFacts, csrf: string | undefined): PageContent {
  const { domain, state, jobId } = job;
  const main = html`<section class="card" aria-labelledby="facts-title"><h2 id="facts-title" class="visually-hidden">Facts</h2>
!${jobDetails(job)}
!${actions(job, csrf)}
</section>`;
  return { title: domain === '' ? `Job ${jobId}` : domain, beside: badge(state), main };
}

/** What is known of a job, its stages and its applications. */
export function jobDetails(job: JobFacts): string {
  const {
    jobId,
    kind,
    domain,
    state,
    outcome,
    batch,
    createdAt,
    endedAt = '',
    tries,
    retries,
    lastError,
  } = job;
  const error =
    lastError === undefined
      ? ''
      : html`<div class="problem">!${lastError
          .split('\n')
          .map((each) => html`<p>!${quoted(each)}</p>`)
          .join('')}</div>`;
  return html`!${facts([
    ['Job', html`<a href="${jobPath(jobId)}"><code>!${quoted(jobId)}</code></a>`],
    ['Kind', quoted(kind)],
    ['Domain', domain === '' || isPoolName(domain) ? domain : instanceLink(domain)],
    ['State', outcome === undefined ? state : `${state} (${outcome})`],
    [
      'Batch',
      batch === undefined
        ? ''
        : html`<a href="${batchPath(batch.id)}">!${quoted(batch.id)}</a>, line ${count(batch.row)}`,
    ],
    ['Queued', timeOf(createdAt)],
    ['Ended', endedAt === '' ? '' : timeOf(endedAt)],
    ['Tries', count(tries)],
    ['Tried again by an operator', retries === 0 ? '' : count(retries)],
  ])}
!${error}
!${stages(job)}
!${apps(job)}`;
}

function stages({ stages: records, state: jobState }: JobFacts): string {
  if (records.length === 0) return '';
  const lines = records.map(
    ({
      stage,
      state,
      startedAt,
      ms,
      tries,
    }) => html`<tr><th scope="row">${stageLabel(stage)}</th><td data-label="State">!${badge(state === 'running' && jobState === 'failed' ? 'stopped' : state)}</td>
<td data-label="Began">${Math.abs(startedAt) <= LAST_TIME_MS ? timeText(new Date(startedAt).toISOString()) : ''}</td>
<td class="number" data-label="Took">${ms === undefined ? '' : took(ms)}</td><td class="number" data-label="Tries">${count(tries)}</td></tr>`,
  );
  return html`<h3>Stages</h3>!${table('Stages', ['Stage', 'State', 'Began', { number: 'Took' }, { number: 'Tries' }], lines.join(''))}`;
}

function apps({ apps: records }: JobFacts): string {
  if (records.length === 0) return '';
  const lines = records.map(
    ({
      app,
      state,
      version = '',
      tries,
      reason = '',
      error = reason,
    }) => html`<tr><th scope="row">!${quoted(app)}</th><td data-label="State">!${badge(state)}</td>
<td data-label="Version">!${quoted(version)}</td><td class="number" data-label="Tries">${count(tries)}</td><td class="why" data-label="Why">!${quoted(error)}</td></tr>`,
  );
  return html`<h3>Applications</h3>!${table('Applications', ['Application', 'State', 'Version', { number: 'Tries' }, 'Why'], lines.join(''))}`;
}

/** The last time that a date can have, in milliseconds since 1970. */
const LAST_TIME_MS = 8.64e15;

function took(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : readableDuration(ms);
}

function actions({ jobId, state, kind }: JobFacts, csrf: string | undefined): string {
  if (kind === '') {
    return html`<p class="note warn">The job cannot be read, and so neither be stopped nor tried again. Submit its instance again.</p>`;
  }
  const path = jobPath(jobId);
  if (state === 'failed') {
    return html`<form class="actions" method="post" action="${path}/retry">!${csrfField(csrf)}<button class="primary">Try again</button></form>`;
  }
  if (state === 'done' || state === 'unknown') return '';
  return html`<div class="actions"><a class="button" href="">Look again</a></div>
<details class="ask"><summary class="button danger">Cancel …</summary>
<form class="actions" method="post" action="${path}/cancel">!${csrfField(csrf)}
<p>The job stops at its next safe point; what it has done stays.</p>
<button class="danger">Cancel this job</button></form></details>`;
}
