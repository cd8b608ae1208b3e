import { html } from 'ghtml';
import { isJobKind, JOB_KINDS } from '../../jobs/kinds/job-kinds.ts';
import type { HistoryLine } from '../../operations/instances/instance-history.ts';
import type { InstanceFacts, InstanceOverview } from '../../operations/instances/instance-overview.ts';
import type { JobFacts } from '../../operations/jobs/job-facts.ts';
import { historyTable } from './history-table.ts';
import { jobDetails } from './job-page.ts';
import { badge, facts, quoted } from './shell/elements.ts';
import type { PageContent } from './shell/page-shell.ts';

/** One instance: how it stands, and what was done to it. Nothing of its owner is shown, and no secret. */
export function instancePage(
  { domain, instance, jobs }: InstanceOverview,
  entries: readonly HistoryLine[],
): PageContent {
  const details = jobs.map(
    (job) => html`<section class="card"><h2>${titleOf(job)}</h2>!${jobDetails(job)}</section>`,
  );
  const isComing = instance === undefined && jobs.some(creates);
  const main = html`<section class="card" aria-labelledby="state-title"><h2 id="state-title">Instance</h2>!${isComing ? COMING : stateOf(domain, instance)}</section>
!${historyTable(entries)}
!${details.length === 0 ? html`<p class="faint">No job is known for it: they are kept for a while only.</p>` : details.join('')}`;
  return { title: domain, beside: badge(instance?.state ?? (isComing ? 'waiting' : 'missing')), main };
}

const COMING = html`<p>It is not there yet: a job is to create it.</p>`;

/** Whether a job will have made the instance. */
function creates({ kind, state }: JobFacts): boolean {
  return kind === 'create' && (state === 'waiting' || state === 'active' || state === 'retrying');
}

function titleOf({ kind }: JobFacts): string {
  const noun = isJobKind(kind) ? JOB_KINDS[kind].words.noun : 'job';
  return noun.charAt(0).toUpperCase() + noun.slice(1);
}

function stateOf(domain: string, instance: InstanceFacts | undefined): string {
  if (instance === undefined) return html`<p>There is no instance of that name.</p>`;
  const { state, problem = '', aliases = [], oldDomain = '', locale = '', contextName = '' } = instance;
  const { blockingReason, couchCluster, indexesVersion } = instance;
  return facts([
    ['Domain', quoted(domain)],
    ['State', state],
    ['Problem', problem === '' ? '' : quoted(problem)],
    ['Blocked for', blockingReason === undefined ? '' : quoted(blockingReason || 'no reason that was given')],
    ['Aliases', aliases.map(quoted).join(', ')],
    ['Former domain', oldDomain === '' ? '' : quoted(oldDomain)],
    ['Locale', quoted(locale)],
    ['Context', contextName === '' ? '' : quoted(contextName)],
    ['CouchDB cluster', String(couchCluster ?? 0)],
    ['Version of its indexes', indexesVersion === undefined ? '' : String(indexesVersion)],
  ]);
}
