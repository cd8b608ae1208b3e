import { html } from 'ghtml';
import type { BatchSnapshot } from '../../operations/batches/batch-snapshot.ts';
import type { RefusedRow, RetriedBatch } from '../../operations/batches/retry-batch.ts';
import { count } from '../../quantity-text.ts';
import { instanceLink, quoted, table } from './elements.ts';
import { csrfField, type PageContent } from './page-shell.ts';

/** Asks before a batch is stopped. @param problem what was wrong with the answer before */
export function cancelPage(batch: BatchSnapshot, problem: string, csrf: string | undefined): PageContent {
  const { batch: id, name, counts } = batch;
  const path = `/fleet/batches/${encodeURIComponent(id)}`;
  const waiting = counts.waiting + Math.max(batch.total - batch.queued, 0);
  const atWork = counts.active + counts.retrying;
  const wrong = problem === '' ? '' : html`<p class="problem" id="problem" role="alert">${problem}</p>`;
  const described = problem === '' ? '' : html`aria-invalid="true" aria-describedby="problem"`;
  const main = html`<form class="card narrow" method="post" action="${path}/cancel">
!${csrfField(csrf)}
<p class="lead">Batch !${quoted(name === '' ? id : name)} is to stop.</p>
<ul>
<li>${count(waiting)} instances that wait will be passed over.</li>
<li>${count(atWork)} that are worked on stop at the next safe point; what is half-made can be gone on with.</li>
<li>${count(counts.done + counts.skipped)} that are done stay as they are.</li>
</ul>
!${wrong}
<label for="reason">Why? It is kept with the batch.</label>
<textarea id="reason" name="reason" rows="3" maxlength="500" required !${described}></textarea>
<div class="actions"><button class="danger">Cancel this batch</button> <a class="button" href="${path}">Let it go on</a></div>
</form>`;
  return { title: 'Cancel a batch', main };
}

/** Says which rows could not be tried again. */
export function refusedPage(
  id: string,
  { queued, refused }: RetriedBatch,
  named: readonly RefusedRow[],
): PageContent {
  const lines = named.map(
    ({ row, domain, code, message }) =>
      html`<tr><td class="number">${count(row)}</td><th scope="row">!${instanceLink(domain)}</th><td class="why"><code>!${quoted(code)}</code> !${quoted(message)}</td></tr>`,
  );
  const more =
    refused > named.length ? html`<p>${count(refused - named.length)} more are not shown.</p>` : '';
  const main = html`<div class="card">
<p class="lead">${count(queued)} are tried again; ${count(refused)} could not be.</p>
!${table('What could not be tried again', [{ number: 'Line' }, 'Domain', 'Why'], lines.join(''))}
!${more}
<div class="actions"><a class="button primary" href="/fleet/batches/${encodeURIComponent(id)}">Back to the batch</a></div>
</div>`;
  return { title: 'Tried again', main };
}
