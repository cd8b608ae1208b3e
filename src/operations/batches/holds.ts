import type { Batch, Halt } from '../../jobs/batches/batches.ts';
import { type Hold as BatchHold, holdsOf as batchHolds, standsStill } from '../../jobs/batches/hold-of.ts';
import type { Controlled } from '../../jobs/queue/queue-controls.ts';
import type { WorkerState } from '../../jobs/redis/worker-heartbeat.ts';
import type { WaitingRows } from './failure-groups.ts';

/** What keeps a batch, or a part of it, from going on. */
export type Hold =
  | { readonly hold: 'no-worker' }
  /** Something that workers need is away; each thing once, as they say it. */
  | { readonly hold: 'workers-wait'; readonly waitsFor: readonly string[] }
  /** Rows wait for what workers have not that took them up. */
  | { readonly hold: 'rows-wait'; readonly rows: WaitingRows }
  /** Rows that wait are passed over, for good unless they are tried again. */
  | { readonly hold: 'halted'; readonly halt: Halt; readonly reason: string }
  /** Somebody wants all work of the fleet to pause. */
  | { readonly hold: 'queue-paused'; readonly by: string; readonly reason: string }
  /** Nothing of it is begun, for somebody wanted it so. */
  | { readonly hold: 'held'; readonly why: BatchHold; readonly batchId: string };

/**
 * All that keeps a batch from going on that is known of it; none once it has ended.
 * @param queuePause where the queue as a whole is paused
 * @param waits what rows of it wait for
 * @param now milliseconds since 1970
 */
export function holdsOf(
  batch: Batch,
  workers: readonly WorkerState[],
  queuePause?: Controlled,
  waits: readonly WaitingRows[] = [],
  now = Date.now(),
): Hold[] {
  if (batch.endedAt !== undefined) return [];
  const waitsFor = waitsOf(workers);
  const holds: Hold[] = [];
  if (workers.length === 0) holds.push({ hold: 'no-worker' });
  if (waitsFor.length > 0) holds.push({ hold: 'workers-wait', waitsFor });
  for (const rows of waits) holds.push({ hold: 'rows-wait', rows });
  if (batch.halt !== undefined) holds.push({ hold: 'halted', halt: batch.halt, reason: batch.haltReason });
  if (queuePause !== undefined) {
    const { by = 'somebody else', reason = '' } = queuePause.who ?? {};
    holds.push({ hold: 'queue-paused', by, reason });
  }
  for (const why of batchHolds(batch, now).filter(standsStill)) {
    holds.push({ hold: 'held', why, batchId: batch.id });
  }
  return holds;
}

/** What workers wait for, each thing once. */
export function waitsOf(workers: readonly WorkerState[]): string[] {
  return [...new Set(workers.map(({ waitsFor }) => waitsFor).filter((name) => name !== ''))];
}
