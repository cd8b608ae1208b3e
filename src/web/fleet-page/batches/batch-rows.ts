import { html } from 'ghtml';
import * as z from 'zod';
import type { Row } from '../../../jobs/batches/batches.ts';
import { ROW_STATES } from '../../../jobs/batches/row-state.ts';
import { stageLabel } from '../../../jobs/kinds/job-kinds.ts';
import type { BatchSnapshot } from '../../../operations/batches/batch-snapshot.ts';
import { rowError } from '../../../operations/batches/batch-state.ts';
import type { RowPage } from '../../../operations/batches/row-page.ts';
import { count } from '../../../quantity-text.ts';
import { batchPath, jobPath } from '../../fleet-api/paths.ts';
import { badge, instanceLink, quoted, table } from '../shell/elements.ts';

/** Rows on one page. */
export const ROWS_SHOWN = 50;

/** Which rows of a batch are looked at; what cannot be read is as if it were not there. */
export const rowQuery = z.object({
  state: z.enum(ROW_STATES).optional().catch(undefined),
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).catch(0),
});

export type ShownRows = z.infer<typeof rowQuery>;

/** The rows of a batch, page by page, with links to those of one state. */
export function batchRows(batch: BatchSnapshot, { rows, next }: RowPage, shown: ShownRows): string {
  const path = batchPath(batch.batch);
  const known = ROW_STATES.filter((state) => batch.counts[state] > 0 || state === shown.state);
  const filters = [
    filter(path, undefined, shown, batch.queued),
    ...known.map((state) => filter(path, state, shown, batch.counts[state])),
  ];
  const body =
    rows.length === 0
      ? html`<p class="empty">${batch.queued === 0 ? 'None is queued yet.' : 'There are no such instances.'}</p>`
      : table(
          'Instances of the batch',
          [{ number: 'Line' }, 'Domain', 'State', 'Stage', 'Why', 'More'],
          rows.map(line).join(''),
        );
  const first =
    shown.after === 0 ? '' : html`<a class="button" href="${address(path, shown.state, 0)}">First</a>`;
  const further =
    next === undefined
      ? ''
      : html`<a class="button" rel="next" href="${address(path, shown.state, next)}">Next</a>`;
  return html`<section class="card" aria-labelledby="rows" data-part="rows">
<h2 id="rows">Instances</h2>
<nav aria-label="States"><ul class="filters">!${filters.join('')}</ul></nav>
!${body}
<div class="actions">!${first}!${further}</div>
</section>`;
}

function filter(path: string, state: ShownRows['state'], shown: ShownRows, rows: number): string {
  const current = state === shown.state ? html`aria-current="true"` : '';
  return html`<li><a href="${address(path, state, 0)}" !${current}>${state ?? 'all'} <span>${count(rows)}</span></a></li>`;
}

function address(path: string, state: ShownRows['state'], after: number): string {
  const query = new URLSearchParams({
    ...(state === undefined ? {} : { state }),
    ...(after === 0 ? {} : { after: String(after) }),
  });
  return `${path}${query.size === 0 ? '' : `?${query}`}#rows`;
}

function line(row: Row): string {
  const { row: number, domain, state, kind = '', stage = '', jobId } = row;
  const where = [kind, state === 'done' ? '' : stageLabel(stage)].filter(Boolean).join(' ');
  const job = jobId === undefined ? '' : html`<a href="${jobPath(jobId)}">job</a>`;
  return html`<tr><td class="number" data-label="Line">${count(number)}</td><th scope="row">!${instanceLink(domain)}</th>
<td data-label="State">!${badge(state)}</td><td data-label="Stage">!${where === '' ? '' : quoted(where)}</td>
<td class="why" data-label="Why">!${quoted(rowError(row))}</td><td data-label="More">!${job}</td></tr>`;
}
