import { FINAL_ROW_STATES, type RowState } from '../../../jobs/batches/row-state.ts';
import type { BatchSnapshot } from '../../../operations/batches/batch-snapshot.ts';
import { count, readableDuration } from '../../../quantity-text.ts';

type Counts = Readonly<Record<RowState, number>>;

/** Rows that have ended, whichever way. */
export function endedCount(counts: Counts): number {
  return FINAL_ROW_STATES.reduce((sum, state) => sum + counts[state], 0);
}

/** Rows that can be tried again. */
export function missedCount({ failed, incomplete, cancelled }: Counts): number {
  return failed + incomplete + cancelled;
}

/** How long a batch will take yet, at the rate of the last seconds; a dash where nobody can tell, as while it is held. */
export function timeLeft({
  total,
  ended,
  perSecond = 0,
  state,
}: Pick<BatchSnapshot, 'total' | 'ended' | 'perSecond' | 'state'>): string {
  return perSecond > 0 && total > ended && state !== 'held'
    ? readableDuration(((total - ended) / perSecond) * 1000)
    : '–';
}

/** @param perSecond rows a second */
export function rateText(perSecond: number | undefined): string {
  return perSecond === undefined ? '–' : `${perSecond.toFixed(1)} /s`;
}

/** How a batch stands, as people say it: one of which nothing failed was cancelled, and did not fail. */
export function shownState({ state, counts }: Pick<BatchSnapshot, 'state' | 'counts'>): string {
  const isCancelled = counts.failed + counts.incomplete === 0 && counts.cancelled > 0;
  if (!isCancelled) return state;
  if (state === 'failed') return 'cancelled';
  return state === 'partly failed' ? 'partly cancelled' : state;
}

/** How long a batch took; an empty text while it goes on. */
export function tookText({ createdAt, endedAt }: Pick<BatchSnapshot, 'createdAt' | 'endedAt'>): string {
  return endedAt === undefined ? '' : readableDuration(Date.parse(endedAt) - Date.parse(createdAt));
}

/** How far a batch is, in a sentence. */
export function progressSentence({ ended, total, queued }: BatchSnapshot): string {
  const onTheWay = queued < total ? `; ${count(queued)} are queued so far` : '';
  return `${count(ended)} of ${count(total)} instances ended${onTheWay}`;
}
