import { html } from 'ghtml';
import type { RowReport } from '../../../operations/input/check-file.ts';
import type { CheckedUpload } from '../../../operations/instances/check-upload.ts';
import { count, readableSize } from '../../../quantity-text.ts';
import { oneLine } from '../../../safe-text.ts';
import { LONGEST_REASON } from '../../fleet-api/paths.ts';
import { LONGEST_BATCH_NAME, MOST_FAILURES } from '../../fleet-api/upload-query.ts';
import { fixedCount, instances, quoted, table, tiles } from '../shell/elements.ts';
import { csrfField, type PageContent, sentence } from '../shell/page-shell.ts';

/** Where files are submitted. */
export const NEW_BATCH = '/fleet/batches/new';

/** Problems, and warnings, that are shown; the file is to be corrected by then. */
const MOST_SHOWN = 200;

/** The form for a file. @param limit bytes that a file may have */
export function uploadPage(limit: number, csrf: string | undefined): PageContent {
  const main = html`<form class="card narrow" method="post" action="${NEW_BATCH}" enctype="multipart/form-data">
!${csrfField(csrf)}
<fieldset><legend>What is to be done with the instances of the file?</legend>
<label class="choice"><input type="radio" name="kind" value="create" checked> Create them</label>
<label class="choice"><input type="radio" name="kind" value="modify"> Change them</label>
</fieldset>
<label for="locale">Locale, where a row has none</label>
<input id="locale" name="locale" maxlength="20" autocapitalize="none" spellcheck="false" aria-describedby="locale-help">
<p class="faint" id="locale-help">Such as <code>fr</code>; for new instances only.</p>
<label for="file">File</label>
<input id="file" name="file" type="file" required accept=".csv,.tsv,.txt,.ndjson,.jsonl,.json,text/csv" aria-describedby="file-help">
<p class="faint" id="file-help">CSV with a line that names the columns, or a JSON object a line; up to ${readableSize(limit)}. Nothing is done before you have seen what is in it.</p>
<div class="actions"><button class="primary">Check the file</button></div>
</form>`;
  return { title: 'Submit a file', place: NEW_BATCH, main };
}

/** What is in a file, and the question whether it is to be queued. @param id by which it waits */
export function checkedPage(id: string, upload: CheckedUpload, csrf: string | undefined): PageContent {
  const { counts, refusal, file, problems, warnings, more, preflight } = upload;
  const isUnread = refusal !== undefined && counts.valid + counts.invalid === 0;
  const main = html`<p class="faint">!${quoted(file)}</p>
!${isUnread ? '' : rowTiles(counts)}
!${refusal === undefined ? '' : html`<div class="problem" role="alert"><p>!${placeText(refusal.place)}!${quoted(refusal.message)}</p><p>!${quoted(refusal.advice)}</p></div>`}
!${refusal === undefined && (preflight?.warning ?? '') !== '' ? html`<p class="note warn">${preflight?.warning ?? ''}</p>` : ''}
!${reportList('What is wrong', problems, more.problems)}
!${reportList('What looks odd', warnings, more.warnings)}
!${refusal === undefined ? confirmForm(id, upload, csrf) : againForm()}`;
  return {
    title: refusal === undefined ? 'Look the file over' : 'Nothing was queued',
    place: NEW_BATCH,
    main,
  };
}

function rowTiles({ valid, invalid, doubtful }: CheckedUpload['counts']): string {
  return tiles([
    { name: 'good rows', value: fixedCount(valid), tone: 'good' },
    { name: 'bad rows', value: fixedCount(invalid), tone: 'bad' },
    { name: 'with warnings', value: fixedCount(doubtful) },
  ]);
}

function placeText({ line, column }: { readonly line?: number; readonly column?: string }): string {
  const parts = [
    ...(line === undefined ? [] : [`line ${count(line)}`]),
    ...(column === undefined ? [] : [`column ${column}`]),
  ];
  const [first = '', ...more] = parts;
  const place = [first.charAt(0).toUpperCase() + first.slice(1), ...more].join(', ');
  return place === '' ? '' : html`<strong>!${quoted(place)}:</strong> `;
}

function reportList(title: string, reports: readonly RowReport[], more: number): string {
  if (reports.length === 0) return '';
  const lines = reports
    .slice(0, MOST_SHOWN)
    .map(
      ({ line, column = '', message }) =>
        html`<tr><td class="number">${count(line)}</td><td class="term">!${quoted(column)}</td><td class="why">!${quoted(message)}</td></tr>`,
    );
  const hidden = Math.max(reports.length - MOST_SHOWN, 0) + more;
  return html`<section class="card"><h2>${title}</h2>
!${table(title, [{ number: 'Line' }, 'Column', 'What'], lines.join(''))}
!${hidden === 0 ? '' : html`<p>${count(hidden)} more are not shown.</p>`}
</section>`;
}

function confirmForm(
  id: string,
  { counts, file, kind, preflight }: CheckedUpload,
  csrf: string | undefined,
): string {
  const what = kind === 'create' ? 'Create' : 'Change';
  const skip =
    counts.invalid === 0
      ? ''
      : html`<label class="choice"><input type="checkbox" name="skip_invalid" value="yes" required> Leave out ${counts.invalid === 1 ? 'the bad row' : `the ${count(counts.invalid)} bad rows`}</label>`;
  const cost = (preflight?.lines ?? []).map((each) => html`<p class="faint">${sentence(each)}</p>`);
  return html`<form class="card narrow" method="post" action="${NEW_BATCH}/${id}">
!${csrfField(csrf)}
<h2>${what} ${instances(counts.valid)}?</h2>
!${cost.join('')}
!${skip}
<label for="name">Name of the batch</label>
<input id="name" name="name" maxlength="${LONGEST_BATCH_NAME}" value="${oneLine(file)}">
<label for="reason">Why? It is kept with the batch.</label>
<input id="reason" name="reason" maxlength="${LONGEST_REASON}">
<label for="max_failures">Stop when more than so many have failed</label>
<input id="max_failures" name="max_failures" type="number" min="0" max="${MOST_FAILURES}" inputmode="numeric" placeholder="never">
<div class="actions"><button class="primary">${what} ${instances(counts.valid)}</button> <a class="button" href="${NEW_BATCH}">Take another file</a></div>
</form>`;
}

function againForm(): string {
  return html`<div class="actions"><a class="button primary" href="${NEW_BATCH}">Take another file</a></div>`;
}
