import { html } from 'ghtml';
import { ERROR_CODES } from '../../../error-codes.ts';
import { stageLabel } from '../../../jobs/kinds/job-kinds.ts';
import type { FailureGroup } from '../../../operations/batches/failure-groups.ts';
import { count } from '../../../quantity-text.ts';
import { oneLine } from '../../../safe-text.ts';
import { batchPath } from '../../fleet-api/paths.ts';
import { instanceLink, quoted, table } from '../shell/elements.ts';
import { csrfField } from '../shell/page-shell.ts';

const MEANINGS: ReadonlyMap<string, string> = new Map(
  ERROR_CODES.map(({ code, meaning }) => [code, meaning]),
);

const HEADS = ['Cause', { number: 'Instances' }, 'Stopped at', 'Such as', 'More'];

/** What went wrong in a batch by cause and stage, each with an example and with what has just these rows tried again. */
export function failureTable(id: string, groups: readonly FailureGroup[], csrf: string | undefined): string {
  if (groups.length === 0) return html`<p class="faint">Nothing has failed.</p>`;
  const path = batchPath(id);
  const lines = groups.map((group) => line(path, group, csrf));
  return html`!${table('Failures by cause', HEADS, lines.join(''))}
<div class="actions"><a class="button" href="${path}/failed.csv" download>Download these rows as CSV</a></div>
<p class="faint">With the columns of their file and what went wrong, to be corrected and submitted again.</p>`;
}

function line(path: string, { stage, code, rows, example }: FailureGroup, csrf: string | undefined): string {
  const { row, domain, message, advice } = example;
  const name = `${code} ${stage === '' ? 'before any stage' : `at ${stageLabel(stage)}`}`;
  return html`<tr><th scope="row"><code class="term">!${quoted(code)}</code><span class="faint">${MEANINGS.get(code) ?? ''}</span></th>
<td class="number" data-label="Instances">${count(rows)}</td>
<td data-label="Stopped at">!${stage === '' ? 'before any stage' : quoted(stageLabel(stage))}</td>
<td class="why" data-label="Such as">line ${count(row)}, !${instanceLink(domain)}: !${quoted(message)}!${advice === '' ? '' : html`<br><span class="faint">!${quoted(advice)}</span>`}</td>
<td data-label=""><form method="post" action="${path}/retry">!${csrfField(csrf)}<input type="hidden" name="stage" value="${stage}"><input type="hidden" name="error" value="${code}"><button aria-label="Try these again: ${oneLine(name)}">Try these again</button></form></td></tr>`;
}
