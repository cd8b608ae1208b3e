import { mayHaveLinks, wordsOfBatch } from '../../jobs/batches/batch-kind.ts';
import type { Batch } from '../../jobs/batches/batches.ts';
import { holdsOf, waitsAfterCanary } from '../../jobs/batches/hold-of.ts';
import { ROW_STATES } from '../../jobs/batches/row-state.ts';
import { batchState, queuedRows } from '../../operations/batches/batch-state.ts';
import { count } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';
import { holdLines } from '../terminal/hold-lines.ts';
import { steeringFacts } from './steering-texts.ts';

/** How a batch ended, or stands, and what can be done next. @param program how our commands are typed here @param now milliseconds since 1970 */
export function summaryLines(batch: Batch, program = 'cozy-fleet', now = Date.now()): string[] {
  const { id, kind, counts, halt, maxFailures } = batch;
  const words = wordsOfBatch(kind);
  const missed = counts.failed + counts.incomplete + counts.cancelled;
  const facts = [
    `${count(counts.done)} ${words.done}`,
    ...(counts.skipped > 0 ? [`${count(counts.skipped)} skipped (${words.skipped})`] : []),
    ...(counts.incomplete > 0
      ? [`${count(counts.incomplete)} ${words.done} without all applications or files`]
      : []),
    ...(counts.failed > 0 ? [`${count(counts.failed)} failed`] : []),
    ...(counts.cancelled > 0 ? [`${count(counts.cancelled)} cancelled`] : []),
  ].join(', ');
  if (batch.endedAt === undefined) {
    const holds = holdsOf(batch, now);
    return [
      `Batch ${id} so far: ${facts}.`,
      ...(waitsAfterCanary(batch) && missed > 0
        ? [`See what failed:  ${program} batches show ${id} --failed`]
        : []),
      ...holdLines(holds, id, program),
      `${holds.length === 0 ? 'The batch goes on. ' : ''}Watch it:  ${program} batches watch ${id}`,
    ];
  }
  return [
    `Batch ${id} ended: ${facts}.`,
    ...(halt === 'too-many-failures'
      ? [`It stopped by itself after more than ${maxFailures ?? 0} failures.`]
      : []),
    ...(counts.failed + counts.incomplete > 0
      ? [`See what failed:  ${program} batches show ${id} --failed`]
      : []),
    ...(missed > 0 ? [`Try it again:     ${program} batches retry ${id}`] : []),
    ...(batch.untold > 0
      ? [
          `Of ${count(batch.untold)} not all services were told.`,
          `See which:        ${program} batches export ${id}`,
        ]
      : []),
    ...(counts.done + counts.incomplete > 0 && mayHaveLinks(kind)
      ? [
          `Get the links:    ${program} batches export ${id} > ${kind === 'reset-links' ? 'links' : 'invitations'}.csv`,
        ]
      : []),
  ];
}

/** What is known of a batch as a whole. @param failures failed rows by what went wrong @param now milliseconds since 1970 */
export function batchFacts(
  batch: Batch,
  failures: readonly (readonly [code: string, rows: number])[],
  now = Date.now(),
): string[] {
  const { id, kind, name, reason, by, createdAt, endedAt, total, ordered = total, counts, untold } = batch;
  const queued = queuedRows(batch);
  const facts: [label: string, value: string][] = [
    ['Batch', id],
    ['Kind', kind],
    ['Name', name],
    ...(reason === '' ? [] : [['Reason', reason] satisfies [string, string]]),
    ['Submitted', `${new Date(createdAt).toISOString()} by ${by}`],
    ...(endedAt === undefined ? [] : [['Ended', new Date(endedAt).toISOString()] satisfies [string, string]]),
    ['State', batchState(batch, now) + haltText(batch)],
    ...(batch.retriedBy === ''
      ? []
      : [['Retried', byText(batch.retriedBy, batch.retryReason)] satisfies [string, string]]),
    ...steeringFacts(batch, now),
    ['Rows', queued < ordered ? `${count(queued)} of ${count(ordered)} queued` : count(total)],
    ...ROW_STATES.filter((state) => counts[state] > 0).map((state): [string, string] => [
      `  ${state}`,
      count(counts[state]),
    ]),
    ...failures.map(([code, rows]): [string, string] => [`  failed: ${code}`, count(rows)]),
    ...(untold > 0 ? [['  not all told', count(untold)] satisfies [string, string]] : []),
  ];
  return facts.map(([label, value]) => oneLine(`${label.padEnd(16)} ${value}`));
}

/** What stopped it, and why. */
function haltText({ halt, haltReason, haltBy }: Batch): string {
  if (halt === undefined) return '';
  const by = haltBy === '' ? halt : `${halt} by ${haltBy}`;
  return haltReason === '' ? ` (${by})` : ` (${by}: ${haltReason})`;
}

function byText(by: string, reason: string): string {
  return reason === '' ? `by ${by}` : `by ${by}: ${reason}`;
}
