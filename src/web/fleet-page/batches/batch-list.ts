import { html } from 'ghtml';
import type { ListedBatch } from '../../../operations/batches/fleet-snapshot.ts';
import { oneLine } from '../../../safe-text.ts';
import { batchPath } from '../../fleet-api/paths.ts';
import { badge, bar, liveCount, table, timeText } from '../shell/elements.ts';
import { endedCount, shownState } from './batch-figures.ts';

const HEADS = ['Batch', 'Progress', { number: 'Ended' }, { number: 'Failed' }, 'State', 'Submitted'];

const NONE = {
  waiting: 0,
  active: 0,
  retrying: 0,
  done: 0,
  skipped: 0,
  incomplete: 0,
  failed: 0,
  cancelled: 0,
};

/** What a row is made of before it is anybody's: the script fills it in for a batch that comes up. */
const BLANK: ListedBatch = {
  batch: '',
  kind: 'create',
  name: '',
  reason: '',
  by: '',
  createdAt: '',
  state: 'running',
  total: 0,
  queued: 0,
  steering: {},
  counts: NONE,
};

/** The latest batches, running ones and others; the table follows. */
export function batchList(batches: readonly ListedBatch[]): string {
  const empty = html`<p class="empty" data-if="isEmpty" !${batches.length === 0 ? '' : 'hidden'}>No batch so far. <a href="/fleet/batches/new">Submit a file</a> to begin.</p>`;
  const body = batches.map(row).join('');
  return html`!${empty}<template id="batch-row">!${row(BLANK)}</template>
!${table('Latest batches', HEADS, body, html`data-list="batches" data-key="batch" data-template="batch-row"`)}`;
}

function row(listed: ListedBatch): string {
  const { batch, name, kind, counts, total, createdAt } = listed;
  return html`<tr data-id="${batch}">
<th scope="row"><a href="${batchPath(batch)}" data-href="/fleet/batches/{batch}"><bdi data-live="name">${nameOf(name, batch)}</bdi></a>
<span class="faint"><span data-live="batch">${batch}</span> · <span data-live="kind">${kind}</span></span></th>
<td class="wide" data-label="">!${bar(counts, total)}</td>
<td class="number" data-label="Ended">!${liveCount('ended', endedCount(counts))}<span class="faint"> / !${liveCount('total', total)}</span></td>
<td class="number" data-label="Failed">!${liveCount('notDone', counts.failed + counts.incomplete)}</td>
<td data-label="">!${badge(shownState(listed), 'state')}</td>
<td data-label="Submitted"><time data-live="createdAt" data-as="time" datetime="${createdAt}">${timeText(createdAt)}</time></td>
</tr>`;
}

/** A batch that was given no name is called by its id. */
function nameOf(name: string, id: string): string {
  return name === '' ? id : oneLine(name);
}
