import { html } from 'ghtml';
import type { BatchSnapshot } from '../../../operations/batches/batch-snapshot.ts';
import { count } from '../../../quantity-text.ts';
import { batchPath, LONGEST_REASON } from '../../fleet-api/paths.ts';
import type { SteeredBatch } from '../../fleet-api/steering.ts';
import { instanceLink, instances, quoted, table } from '../shell/elements.ts';
import { csrfField, type PageContent } from '../shell/page-shell.ts';

/** Asks before a batch is stopped. @param problem what was wrong with the answer before */
export function cancelPage(batch: BatchSnapshot, problem: string, csrf: string | undefined): PageContent {
  const { batch: id, name, counts } = batch;
  const path = batchPath(id);
  const waiting = counts.waiting + Math.max(batch.total - batch.queued, 0);
  const atWork = counts.active + counts.retrying;
  const wrong = problem === '' ? '' : html`<p class="problem" id="problem" role="alert">${problem}</p>`;
  const described = problem === '' ? '' : html`aria-invalid="true" aria-describedby="problem" autofocus`;
  const effects = [
    effect('Waiting', waiting, 'they are passed over'),
    effect('At work', atWork, 'they stop at their next safe point; what is half-made can be gone on with'),
    effect('Done', counts.done + counts.skipped, 'they stay as they are'),
  ];
  const main = html`<form class="card narrow" method="post" action="${path}/cancel">
!${csrfField(csrf)}
<p class="lead">Batch !${quoted(name === '' ? id : name)} is to stop.</p>
<ul>!${effects.join('')}</ul>
!${wrong}
<label for="reason">Why? It is kept with the batch.</label>
<textarea id="reason" name="reason" rows="3" maxlength="${LONGEST_REASON}" required !${described}></textarea>
<div class="actions"><button class="danger">Cancel this batch</button> <a class="button" href="${path}">Let it go on</a></div>
</form>`;
  return { title: 'Cancel a batch', main };
}

function effect(what: string, rows: number, happens: string): string {
  return rows === 0 ? '' : html`<li>${what}: <strong>${instances(rows)}</strong>; ${happens}.</li>`;
}

/** Says which rows could not be tried again. */
export function refusedPage(id: string, { queued, refused, refusedRows }: SteeredBatch): PageContent {
  const lines = refusedRows.map(
    ({ row, domain, code, message }) =>
      html`<tr><td class="number" data-label="Line">${count(row)}</td><th scope="row">!${instanceLink(domain)}</th><td class="why" data-label="Why">!${quoted(`${code}: ${message}`)}</td></tr>`,
  );
  const more =
    refused > refusedRows.length
      ? html`<p>${count(refused - refusedRows.length)} more are not shown.</p>`
      : '';
  const main = html`<div class="card">
<p class="lead">${queued === 0 ? 'Nothing is tried again' : `Tried again: ${instances(queued)}`}. Not possible for ${instances(refused)}:</p>
!${table('What could not be tried again', [{ number: 'Line' }, 'Domain', 'Why'], lines.join(''))}
!${more}
<div class="actions"><a class="button primary" href="${batchPath(id)}">Back to the batch</a></div>
</div>`;
  return { title: queued === 0 ? 'Not tried again' : 'Tried again in part', main };
}
