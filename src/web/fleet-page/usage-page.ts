import type { FastifyInstance } from 'fastify';
import { html } from 'ghtml';
import { count, readableDuration, readableSize } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';
import { type KeptReport, readKeptReport } from '../../usage/kept-report.ts';
import { isPartial } from '../../usage/usage-summary.ts';
import { PAGE } from '../http/prefers-page.ts';
import type { WebContext } from '../web-context.ts';
import { fixedCount, instanceLink, quoted, table, tiles, timeOf } from './shell/elements.ts';
import type { PageContent } from './shell/page-shell.ts';
import { sendPage } from './shell/send-page.ts';

/** Applications that are shown. */
const MOST_APPS = 20;

/** Width of a bar in its own units. */
const BAR_WIDTH = 1_000;

/** What the instances are used for, from the report that was kept: one document is read, however many instances there are. */
export async function usagePage(app: FastifyInstance, context: WebContext): Promise<void> {
  app.get('/fleet/usage', { constraints: { prefers: PAGE } }, async (request, reply) => {
    const report = await readKeptReport(context.couch.global);
    const content = { title: 'Usage', place: '/fleet/usage' } as const;
    return await sendPage(request, reply, { ...content, ...usageOf(report, Date.now()) });
  });
}

/** @param now milliseconds since 1970 */
function usageOf(report: KeptReport | undefined, now: number): Pick<PageContent, 'main'> {
  if (report === undefined) {
    return {
      main: html`<p class="empty">No report was made yet. Make one, by hand or each night: <code>cozy-fleet instances report</code></p>`,
    };
  }
  const { startedAt, summary } = report;
  const largest = summary.largest.map(({ domain, diskUsed, diskShare }) => ({
    name: instanceLink(domain),
    amount: diskUsed,
    text: readableSize(diskUsed) + (diskShare === undefined ? '' : `, ${diskShare}% of its quota`),
  }));
  const apps = summary.apps.slice(0, MOST_APPS).map(({ slug, instances }) => numbered(slug, instances));
  const main = html`<p>Measured !${timeOf(new Date(startedAt).toISOString())}, ${readableDuration(Math.max(0, now - startedAt))} ago.</p>
!${isPartial(summary) ? html`<p class="note warn">It is partial: of ${count(summary.unmeasured)} instances not all could be told, and ${count(summary.unreadable)} documents could not be read. The command names them: <code>cozy-fleet instances report</code></p>` : ''}
!${tiles([
    { name: 'instances', value: fixedCount(summary.instances) },
    { name: 'files', value: fixedCount(summary.files) },
    { name: 'used', value: html`${readableSize(summary.diskUsed)}` },
    { name: 'being made or removed', value: fixedCount(summary.outside) },
  ])}
<div class="columns">
!${section('activity', 'Last activity', 'Last', summary.activity.map(bar))}
!${section('shares', 'Share of the quota', 'Used', summary.shares.map(bar))}
</div>
<div class="columns">
!${section('largest', 'Largest', 'Instance', largest)}
!${section('apps', 'Applications', 'Application', apps)}
</div>`;
  return { main };
}

interface Bar {
  /** HTML. */
  readonly name: string;
  readonly amount: number;
  /** The amount, for people. */
  readonly text: string;
}

function bar({ label, instances }: { readonly label: string; readonly instances: number }): Bar {
  return numbered(label, instances);
}

function numbered(label: string, instances: number): Bar {
  return { name: quoted(oneLine(label)), amount: instances, text: count(instances) };
}

function section(id: string, title: string, head: string, bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.map(({ amount }) => amount));
  const rows = bars.map(({ name, amount, text }) => {
    const width = ((amount / most) * BAR_WIDTH).toFixed(1);
    return html`<tr><th scope="row">!${name}</th><td class="number">${text}</td><td aria-hidden="true"><svg class="bar" viewBox="0 0 ${BAR_WIDTH} 10" preserveAspectRatio="none" focusable="false"><rect class="active" x="0" y="0" width="${width}" height="10"/></svg></td></tr>`;
  });
  return html`<section class="card" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
!${bars.length === 0 ? html`<p class="empty">Nothing is known.</p>` : table(title, [head, { number: title === 'Largest' ? 'Space' : 'Instances' }, ''], rows.join(''))}
</section>`;
}
