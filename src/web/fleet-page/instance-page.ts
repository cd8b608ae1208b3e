import { html } from 'ghtml';
import type { InstanceFacts, InstanceOverview } from '../../operations/instances/instance-overview.ts';
import { badge, facts, quoted } from './elements.ts';
import { jobDetails } from './job-page.ts';
import type { PageContent } from './page-shell.ts';

/** One instance: how it stands, and what was done to it. Nothing of its owner is shown, and no secret. */
export function instancePage({ domain, instance, jobs }: InstanceOverview): PageContent {
  const history = jobs.map(
    (job) =>
      html`<section class="card"><h2>${job.kind === '' ? 'Job' : job.kind}</h2>!${jobDetails(job)}</section>`,
  );
  const main = html`<section class="card" aria-labelledby="state-title"><h2 id="state-title">Instance</h2>!${stateOf(domain, instance)}</section>
!${history.length === 0 ? html`<p class="faint">No job is known for it: they are kept for a while only.</p>` : history.join('')}`;
  return { title: domain, beside: badge(instance?.state ?? 'missing'), main };
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
    ['Indexes', indexesVersion === undefined ? '' : String(indexesVersion)],
  ]);
}
