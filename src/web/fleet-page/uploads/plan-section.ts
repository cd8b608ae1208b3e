import { html } from 'ghtml';
import * as z from 'zod';
import type { PlannedRow } from '../../../operations/plan/plan-rows.ts';
import { VERDICTS, type VerdictName } from '../../../operations/plan/verdict.ts';
import { verdictDetail } from '../../../operations/plan/verdict-text.ts';
import { count } from '../../../quantity-text.ts';
import type { UploadPlan } from '../../fleet-api/upload-plan.ts';
import { badge, fixedCount, instanceLink, quoted, table, tiles } from '../shell/elements.ts';

/** Rows on one page. */
const ROWS_SHOWN = 50;

/** Which rows of a plan are looked at; what cannot be read is as if it were not there. */
export const planQuery = z.object({
  verdict: z.enum(VERDICTS).optional().catch(undefined),
  from: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).catch(0),
});

export type ShownPlan = z.infer<typeof planQuery>;

/** What a file would do: how many rows of each verdict, then row by row, page by page. @param path of the page */
export function planSection(path: string, { plan }: UploadPlan, shown: ShownPlan): string {
  const { counts, rows } = plan;
  const known = VERDICTS.filter((verdict) => counts[verdict] > 0 || verdict === shown.verdict);
  const filters = [
    filter(path, undefined, shown, counts.rows),
    ...known.map((verdict) => filter(path, verdict, shown, counts[verdict])),
  ];
  const chosen =
    shown.verdict === undefined ? rows : rows.filter(({ verdict }) => verdict.verdict === shown.verdict);
  const page = chosen.slice(shown.from, shown.from + ROWS_SHOWN);
  const next = shown.from + ROWS_SHOWN;
  const first =
    shown.from === 0 ? '' : html`<a class="button" href="${address(path, shown.verdict, 0)}">First</a>`;
  const further =
    next >= chosen.length
      ? ''
      : html`<a class="button" rel="next" href="${address(path, shown.verdict, next)}">Next</a>`;
  const body =
    page.length === 0
      ? html`<p class="empty">There are no such rows.</p>`
      : table('Rows of the plan', [{ number: 'Line' }, 'Domain', 'Verdict', 'What'], page.map(line).join(''));
  return html`<section class="card" aria-labelledby="plan">
<h2 id="plan">Plan</h2>
!${tiles([
    { name: 'with something to do', value: fixedCount(counts.toDo), tone: 'good' },
    ...known.map((name) => ({ name, value: fixedCount(counts[name]) })),
    ...(counts.unknown === 0
      ? []
      : [{ name: 'name what is not known here', value: fixedCount(counts.unknown) }]),
  ])}
<nav aria-label="Verdicts"><ul class="filters">!${filters.join('')}</ul></nav>
!${body}
<div class="actions">!${first}!${further}</div>
</section>`;
}

function filter(path: string, verdict: VerdictName | undefined, shown: ShownPlan, rows: number): string {
  const current = verdict === shown.verdict ? html`aria-current="true"` : '';
  return html`<li><a href="${address(path, verdict, 0)}" !${current}>${verdict ?? 'all'} <span>${count(rows)}</span></a></li>`;
}

function address(path: string, verdict: VerdictName | undefined, from: number): string {
  const query = new URLSearchParams({
    ...(verdict === undefined ? {} : { verdict }),
    ...(from === 0 ? {} : { from: String(from) }),
  });
  return `${path}${query.size === 0 ? '' : `?${query}`}#plan`;
}

function line({ request: { row }, domain, verdict, unknown }: PlannedRow): string {
  const odd = unknown.map(({ what, name }) => `unknown ${what}: ${name}`);
  const what = [verdictDetail(verdict), ...odd].filter((text) => text !== '').join('; ');
  return html`<tr><td class="number" data-label="Line">${count(row)}</td><th scope="row">!${instanceLink(domain)}</th>
<td data-label="Verdict">!${badge(verdict.verdict)}</td><td class="why" data-label="What">!${quoted(what)}</td></tr>`;
}
