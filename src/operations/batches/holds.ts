import type { Batch, Halt } from '../../jobs/batches/batches.ts';
import type { WorkerState } from '../../jobs/redis/worker-heartbeat.ts';

/** What keeps a batch, or a part of it, from going on. */
export type Hold =
  | { readonly hold: 'no-worker' }
  /** Something that workers need is away; each thing once, as they say it. */
  | { readonly hold: 'workers-wait'; readonly waitsFor: readonly string[] }
  /** Rows that wait are passed over, for good unless they are tried again. */
  | { readonly hold: 'halted'; readonly halt: Halt; readonly reason: string }
  /** Somebody wants it to pause; what runs goes on. */
  | { readonly hold: 'paused'; readonly by: string; readonly reason: string }
  /** Somebody wants all work of the fleet to pause. */
  | { readonly hold: 'queue-paused'; readonly by: string; readonly reason: string }
  /** The first rows were to be looked at before the others begin. */
  | { readonly hold: 'canary'; readonly done: number; readonly of: number }
  /** It works at certain hours. `until` is when the next ones begin, in milliseconds since 1970. */
  | { readonly hold: 'outside-window'; readonly until: number };

/** All that keeps a batch from going on that is known of it; none once it has ended. */
export function holdsOf(batch: Batch, workers: readonly WorkerState[]): Hold[] {
  if (batch.endedAt !== undefined) return [];
  const waitsFor = waitsOf(workers);
  const holds: Hold[] = [];
  if (workers.length === 0) holds.push({ hold: 'no-worker' });
  if (waitsFor.length > 0) holds.push({ hold: 'workers-wait', waitsFor });
  if (batch.halt !== undefined) holds.push({ hold: 'halted', halt: batch.halt, reason: batch.haltReason });
  return holds;
}

function waitsOf(workers: readonly WorkerState[]): string[] {
  return [...new Set(workers.map(({ waitsFor }) => waitsFor).filter((name) => name !== ''))];
}
