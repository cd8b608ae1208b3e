import { html } from 'ghtml';
import type { Batch } from '../../../jobs/batches/batches.ts';
import { holdsOf as batchHolds, type Hold, holdText, standsStill } from '../../../jobs/batches/hold-of.ts';
import { windowText } from '../../../jobs/batches/window.ts';
import type { WorkerState } from '../../../jobs/redis/worker-heartbeat.ts';
import type { WaitingRows } from '../../../operations/batches/failure-groups.ts';
import { holdsOf, type Hold as WorkHold } from '../../../operations/batches/holds.ts';
import { failureLimitText, rateText } from '../../../operations/batches/steering-input.ts';
import type { WantedBy } from '../../../operations/queue/queue-stats.ts';
import { count } from '../../../quantity-text.ts';
import { oneLine } from '../../../safe-text.ts';
import { batchPath, LONGEST_REASON } from '../../fleet-api/paths.ts';
import { facts, quoted, timeOf } from '../shell/elements.ts';
import { csrfField, sentence } from '../shell/page-shell.ts';
import { holdFields, holdValues, shownFields } from './hold-form.ts';

/** What of the fleet as a whole keeps a batch from going on. */
export function surroundingHolds(
  batch: Batch,
  workers: readonly WorkerState[],
  paused: WantedBy | undefined,
  waits: readonly WaitingRows[],
): string {
  if (batch.endedAt !== undefined) return '';
  const queue =
    paused === undefined
      ? ''
      : html`<p class="note warn">The queue is paused as a whole, !${wanted(paused)}. <a href="/fleet/queue">To the queue</a></p>`;
  return [queue, ...holdsOf(batch, workers, undefined, waits).map(surroundingHold)].join('');
}

function surroundingHold(hold: WorkHold): string {
  switch (hold.hold) {
    case 'no-worker':
      return html`<p class="note warn">It waits, for no worker runs. Start one: <code>cozy-fleet workers start</code></p>`;
    case 'workers-wait':
      return html`<p class="note warn">The workers wait for !${hold.waitsFor.map(quoted).join(' and ')}.</p>`;
    case 'rows-wait': {
      const { hosts, example } = hold.rows;
      return html`<p class="note warn">Rows wait for what workers have not (on !${quoted(hosts.join(', '))}): !${quoted(example.message)}. !${quoted(example.advice)}</p>`;
    }
    // Told elsewhere on the page.
    case 'queue-paused':
    case 'halted':
    case 'held':
      return '';
    default:
      return hold satisfies never;
  }
}

/** Who wanted something, since when and why. */
export function wanted({ by, reason = '', since }: WantedBy): string {
  if (by === undefined) return html`by something else than cozy-fleet`;
  const when = since === undefined ? '' : html` on !${timeOf(since)}`;
  return html`by !${quoted(by)}!${when}!${reason === '' ? '' : html`: !${quoted(reason)}`}`;
}

/** What holds a batch back of itself, in words, each with what has it go on. @param now milliseconds since 1970 */
export function holdNotes(batch: Batch, now: number, csrf: string | undefined): string {
  const holds = batchHolds(batch, now);
  // A resume lifts both.
  const lifted = holds.find(({ kind }) => kind === 'paused') ?? holds.find(({ kind }) => kind === 'canary');
  return holds
    .map((hold) => {
      const button = hold === lifted || !isLiftedByResume(hold) ? lifting(hold, batch, csrf, now) : '';
      const tone = standsStill(hold) ? 'note warn' : 'note';
      return html`<div class="${tone} held"><p><bdi>${sentence(holdText(hold))}</bdi></p>!${button}</div>`;
    })
    .join('');
}

function isLiftedByResume({ kind }: Hold): boolean {
  return kind === 'paused' || kind === 'canary';
}

/** The form that has a batch go on. */
function lifting(hold: Hold, { id, ...batch }: Batch, csrf: string | undefined, now: number): string {
  const path = batchPath(id);
  const values = holdValues({ id, ...batch }, now);
  switch (hold.kind) {
    case 'paused':
      return html`<form method="post" action="${path}/resume">!${csrfField(csrf)}<button class="primary">Resume</button></form>`;
    case 'canary':
      return html`<form method="post" action="${path}/resume">!${csrfField(csrf)}<button class="${standsStill(hold) ? 'primary' : ''}">Let the others go on</button></form>`;
    case 'not-before':
      return html`<form method="post" action="${path}/steering">!${csrfField(csrf)}<input type="hidden" name="was_at" value="${values.at}"><input type="hidden" name="at" value=""><button>Begin now</button></form>`;
    case 'window':
      return html`<form method="post" action="${path}/steering">!${csrfField(csrf)}<input type="hidden" name="was_between" value="${values.between}"><input type="hidden" name="between" value=""><button>Go on at any hour</button></form>`;
    default:
      return hold satisfies never;
  }
}

/** What is set for a batch that runs, and the form to change it. @param now milliseconds since 1970 */
export function holdCard(batch: Batch, now: number, csrf: string | undefined): string {
  const { id, endedAt, halt, steering, maxFailures, maxFailuresPercent } = batch;
  if (endedAt !== undefined || halt !== undefined) return '';
  const { pause, canary, canaryEnded, concurrency, rate, notBefore, window } = steering;
  const path = batchPath(id);
  const values = holdValues(batch, now);
  const set: [name: string, text: string][] = [
    ['Canary', canary === undefined ? '' : `${count(canaryEnded)} of ${count(canary)} ended`],
    ['Stops', maxFailures === undefined ? '' : stopText({ maxFailures, maxFailuresPercent })],
    ['At a time', concurrency === undefined ? '' : `at most ${count(concurrency)}`],
    ['Begin', rate === undefined ? '' : `at most ${rateText(rate)}`],
    ['Only between', window === undefined ? '' : windowText(window)],
    ['Not before', notBefore === undefined ? '' : new Date(notBefore).toISOString()],
  ];
  const shown = set
    .filter(([, text]) => text !== '')
    .map(([name, text]) => [name, asShown(name, text)] as const);
  return html`<h2 id="hold-title">Hold back</h2>
!${shown.length === 0 ? html`<p class="faint">Nothing limits it.</p>` : facts(shown)}
<details><summary>Pause it, or set limits</summary>
<form method="post" action="${path}/steering">
!${csrfField(csrf)}!${shownFields(values)}
!${holdFields(values)}
<label for="hold-reason">Why? It is kept in the log, and with a pause.</label>
<input id="hold-reason" name="reason" maxlength="${LONGEST_REASON}">
<div class="actions"><button class="primary">Set these limits</button>
!${pause === undefined ? html`<button formaction="${path}/pause">Pause</button>` : ''}</div>
</form></details>`;
}

function stopText(limit: {
  readonly maxFailures: number;
  readonly maxFailuresPercent: number | undefined;
}): string {
  return `when more than ${failureLimitText(limit)} have failed`;
}

function asShown(name: string, text: string): string {
  return name === 'Not before' ? timeOf(text) : html`${oneLine(text)}`;
}
