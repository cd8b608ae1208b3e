import { html } from 'ghtml';
import type { RowReport } from '../../../operations/input/check-file.ts';
import type { CheckedUpload } from '../../../operations/instances/check-upload.ts';
import { type GuardQuestion, guardSentence } from '../../../operations/plan/guard.ts';
import { count, readableSize } from '../../../quantity-text.ts';
import { oneLine } from '../../../safe-text.ts';
import { LONGEST_REASON } from '../../fleet-api/paths.ts';
import { MOST_PLANNED, type UploadPlan } from '../../fleet-api/upload-plan.ts';
import { LONGEST_BATCH_NAME } from '../../fleet-api/uploads/upload-query.ts';
import { holdFields, noHold } from '../batches/hold-form.ts';
import { fixedCount, instances, quoted, table, tiles } from '../shell/elements.ts';
import { csrfField, type PageContent, sentence } from '../shell/page-shell.ts';
import { planSection, type ShownPlan } from './plan-section.ts';

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

/** What is shown of a plan: `none` where the file is run as it was checked, `coming` while it is made. */
export type PlanOnPage =
  | { readonly state: 'none' | 'coming' }
  | { readonly state: 'made'; readonly plan: UploadPlan; readonly shown: ShownPlan };

/**
 * What is in a file and what it would do, and the question whether it is to be queued.
 * @param id by which it waits
 */
export function checkedPage(
  id: string,
  upload: CheckedUpload,
  planned: PlanOnPage,
  csrf: string | undefined,
): PageContent {
  const { counts, refusal, file, problems, warnings, more, preflight } = upload;
  const isUnread = refusal !== undefined && counts.valid + counts.invalid === 0;
  const main = html`<p class="faint">!${quoted(file)}</p>
!${isUnread ? '' : rowTiles(counts)}
!${refusal === undefined ? '' : html`<div class="problem" role="alert"><p>!${placeText(refusal.place)}!${quoted(refusal.message)}</p><p>!${quoted(refusal.advice)}</p></div>`}
!${refusal === undefined && (preflight?.warning ?? '') !== '' ? html`<p class="note warn">${preflight?.warning ?? ''}</p>` : ''}
!${reportList('What is wrong', problems, more.problems)}
!${reportList('What looks odd', warnings, more.warnings)}
!${refusal === undefined ? planAndForm(id, upload, planned, csrf) : againForm()}`;
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

function planAndForm(
  id: string,
  upload: CheckedUpload,
  planned: PlanOnPage,
  csrf: string | undefined,
): string {
  const path = `${NEW_BATCH}/${id}`;
  switch (planned.state) {
    case 'none':
      return html`<p class="note">The file has more than ${count(MOST_PLANNED)} good rows: what each of them would do is not shown here, but by <code>cozy-fleet instances add --from &lt;file&gt; --dry-run</code>.</p>
!${confirmForm(path, upload, { toDo: upload.counts.valid }, csrf)}`;
    case 'coming':
      return html`<section class="card" aria-labelledby="plan"><h2 id="plan">Plan</h2>
<p>What each row would do is being looked at.</p>
<div class="actions"><a class="button primary" href="${path}">Look again</a></div></section>`;
    case 'made': {
      const { plan, shown } = planned;
      const { toDo } = plan.plan.counts;
      const form =
        toDo === 0
          ? html`<p class="note">Nothing is to be done.</p>!${againForm()}`
          : confirmForm(path, upload, { toDo, guard: plan.guard }, csrf);
      return html`!${planSection(path, plan, shown)}!${form}`;
    }
    default:
      return planned satisfies never;
  }
}

/** What somebody is asked before it is queued. */
interface Confirmed {
  /** Instances for which a job is queued. */
  readonly toDo: number;
  readonly guard?: GuardQuestion | undefined;
}

function confirmForm(
  path: string,
  { counts, file, kind, preflight }: CheckedUpload,
  { toDo, guard }: Confirmed,
  csrf: string | undefined,
): string {
  const what = kind === 'create' ? 'Create' : 'Change';
  const skip =
    counts.invalid === 0
      ? ''
      : html`<label class="choice"><input type="checkbox" name="skip_invalid" value="yes" required> Leave out ${counts.invalid === 1 ? 'the bad row' : `the ${count(counts.invalid)} bad rows`}</label>`;
  const cost = (preflight?.lines ?? []).map((each) => html`<p class="faint">${sentence(each)}</p>`);
  const number =
    guard === undefined
      ? ''
      : html`<p class="note warn">${sentence(guardSentence(guard))}</p>
<label for="however_many">Type how many instances are destroyed or blocked</label>
<input id="however_many" name="however_many" inputmode="numeric" autocomplete="off" required>`;
  return html`<form class="card" method="post" action="${path}">
!${csrfField(csrf)}
<h2>${what} ${instances(toDo)}?</h2>
!${cost.join('')}
!${skip}
!${number}
<div class="fields">
<div><label for="name">Name of the batch</label>
<input id="name" name="name" maxlength="${LONGEST_BATCH_NAME}" value="${oneLine(file)}"></div>
<div><label for="reason">Why? It is kept with the batch.</label>
<input id="reason" name="reason" maxlength="${LONGEST_REASON}"></div>
</div>
<fieldset><legend>Hold it back</legend>
!${holdFields(noHold())}
</fieldset>
<label for="notify">Tell this address of its end</label>
<input id="notify" name="notify" type="url" maxlength="2000" autocomplete="off" placeholder="https://…; as it is configured otherwise">
<div class="actions"><button class="primary">${what} ${instances(toDo)}</button> <a class="button" href="${NEW_BATCH}">Take another file</a></div>
</form>`;
}

function againForm(): string {
  return html`<div class="actions"><a class="button primary" href="${NEW_BATCH}">Take another file</a></div>`;
}
