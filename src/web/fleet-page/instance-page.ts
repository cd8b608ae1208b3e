import { html } from 'ghtml';
import { instanceState } from '../../instances/documents/instance-state.ts';
import { describeUnreadable, type ReadResult } from '../../instances/lookup/classify-document.ts';
import type { JobFacts } from '../../operations/jobs/job-facts.ts';
import { jobDetails } from './job-page.ts';
import type { PageContent } from './page-shell.ts';
import { badge, facts, quoted } from './parts.ts';

/** What is known of one instance. */
export interface KnownInstance {
  /** As it was asked for. */
  readonly domain: string;
  /** Undefined where there is none. */
  readonly found: ReadResult | undefined;
  /** The latest job that is known for the name. */
  readonly job: JobFacts | undefined;
}

/** One instance: how it stands, and what was done to it last. Nothing of its owner is shown, and no secret. */
export function instancePage({ domain, found, job }: KnownInstance): PageContent {
  const history =
    job === undefined
      ? html`<p class="faint">No job is known for it: they are kept for a while only.</p>`
      : jobDetails(job);
  const main = html`<section class="card" aria-labelledby="state-title"><h2 id="state-title">Instance</h2>!${state(found)}</section>
<section class="card" aria-labelledby="job-title"><h2 id="job-title">Latest job</h2>!${history}</section>`;
  const name =
    found === undefined ? 'missing' : found.readable ? instanceState(found.instance) : 'unreadable';
  return { title: domain, beside: badge(name), main };
}

function state(found: ReadResult | undefined): string {
  if (found === undefined) return html`<p>There is no instance of that name.</p>`;
  if (!found.readable) return html`<p class="problem">!${quoted(describeUnreadable(found.unreadable))}</p>`;
  const { instance } = found;
  const { domain, domain_aliases: aliases = [], old_domain: oldDomain = '', locale, context = '' } = instance;
  return facts([
    ['Domain', quoted(domain)],
    ['State', instanceState(instance)],
    ['Blocked for', instance.blocked === true ? quoted(instance.blocking_reason ?? '') : ''],
    ['Moved', instance.moved === true ? 'yes' : ''],
    ['Aliases', aliases.map(quoted).join(', ')],
    ['Former domain', oldDomain === '' ? '' : quoted(oldDomain)],
    ['Locale', quoted(locale)],
    ['Context', context === '' ? '' : quoted(context)],
    ['CouchDB cluster', String(instance.couch_cluster ?? 0)],
    ['Prefix', quoted(instance.prefix ?? '')],
  ]);
}
