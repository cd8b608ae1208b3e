import { FINAL_ROW_STATES, type RowState } from '../../jobs/batches/row-state.ts';
import type { BatchSnapshot } from '../../operations/batches/batch-snapshot.ts';
import { count, readableDuration } from '../../quantity-text.ts';

type Counts = Readonly<Record<RowState, number>>;

/** Rows that have ended, whichever way. */
export function endedCount(counts: Counts): number {
  return FINAL_ROW_STATES.reduce((sum, state) => sum + counts[state], 0);
}

/** Rows that can be tried again. */
export function missedCount({ failed, incomplete, cancelled }: Counts): number {
  return failed + incomplete + cancelled;
}

/** How long a batch will take yet, at the rate of the last seconds; an empty text where nobody can tell. */
export function timeLeft({
  total,
  ended,
  perSecond = 0,
}: Pick<BatchSnapshot, 'total' | 'ended' | 'perSecond'>): string {
  return perSecond > 0 && total > ended ? readableDuration(((total - ended) / perSecond) * 1000) : '–';
}

/** @param perSecond rows a second */
export function rateText(perSecond: number | undefined): string {
  return perSecond === undefined ? '–' : `${perSecond.toFixed(1)} /s`;
}

/** How far a batch is, in a sentence. */
export function progressSentence({ ended, total, queued }: BatchSnapshot): string {
  const onTheWay = queued < total ? `; ${count(queued)} are queued so far` : '';
  return `${count(ended)} of ${count(total)} instances ended${onTheWay}`;
}
