import { html } from 'ghtml';
import { stageLabel } from '../../jobs/kinds/job-kinds.ts';
import type { HistoryLine } from '../../operations/instances/instance-history.ts';
import { count } from '../../quantity-text.ts';
import { batchPath, jobPath } from '../fleet-api/paths.ts';
import { badge, quoted, table, timeText } from './shell/elements.ts';

const HEADS = ['What', 'Result', 'When', 'By', 'Why', 'Fields', 'More'];

/** What was done to a domain, latest first. */
export function historyTable(entries: readonly HistoryLine[]): string {
  const body =
    entries.length === 0
      ? html`<p class="faint">Nothing is known of it: it is kept for 90 days after the last of it.</p>`
      : table('History', HEADS, entries.map(line).join(''));
  return html`<section class="card" aria-labelledby="history-title"><h2 id="history-title">History</h2>
!${body}</section>`;
}

function line(entry: HistoryLine): string {
  const { at, what, state, code, by = '', reason = '', fields = [], jobId, batch } = entry;
  const job = jobId === undefined ? '' : html`<a href="${jobPath(jobId)}">job</a>`;
  const row =
    batch === undefined
      ? ''
      : html` <a href="${batchPath(batch.id)}">batch !${quoted(batch.id)}</a>, line ${count(batch.row)}`;
  return html`<tr><th scope="row">${stageLabel(what)}</th>
<td data-label="Result">!${badge(state)}!${code === undefined ? '' : html` <code class="term">!${quoted(code)}</code>`}</td>
<td data-label="When"><time datetime="${at}">${timeText(at)}</time></td>
<td data-label="By">!${quoted(by)}</td><td class="why" data-label="Why">!${quoted(reason)}</td>
<td data-label="Fields">!${quoted(fields.join(', '))}</td><td data-label="More">!${job}!${row}</td></tr>`;
}
