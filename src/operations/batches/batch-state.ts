import type { BatchKind } from '../../jobs/batches/batch-kind.ts';
import type { Batch, Row } from '../../jobs/batches/batches.ts';
import { holdsOf, standsStill } from '../../jobs/batches/hold-of.ts';
import { FINAL_ROW_STATES, type RowState } from '../../jobs/batches/row-state.ts';
import { type HoldSummary, type SteeringSummary, steeringSummary } from './steering-summary.ts';

/** Where a batch stands, as a whole. */
export type BatchState = 'running' | 'held' | 'done' | 'partly failed' | 'failed';

/** @param now milliseconds since 1970: a batch is held until its hour has come */
export function batchState(batch: Batch, now = Date.now()): BatchState {
  const { endedAt, counts } = batch;
  if (endedAt === undefined) return holdsOf(batch, now).some(standsStill) ? 'held' : 'running';
  if (counts.failed + counts.incomplete + counts.cancelled === 0) return 'done';
  return counts.done + counts.skipped + counts.incomplete === 0 ? 'failed' : 'partly failed';
}

/** Rows that ended, whichever way. */
export function endedRows({ counts }: Batch): number {
  return FINAL_ROW_STATES.reduce((sum, state) => sum + counts[state], 0);
}

/** Rows that reached the queue; fewer than the total while a file is being submitted. */
export function queuedRows({ counts }: Batch): number {
  return Object.values(counts).reduce((sum, rows) => sum + rows, 0);
}

/** A batch as programs read it. */
export interface BatchSummary {
  readonly batch: string;
  readonly kind: BatchKind;
  readonly name: string;
  readonly reason: string;
  readonly by: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly endedAt?: string;
  readonly state: BatchState;
  readonly halt?: string;
  /** Why it was halted, where whoever wanted it said so. */
  readonly haltReason?: string;
  readonly haltBy?: string;
  /** Who had rows of it tried again last, and why. */
  readonly retriedBy?: string;
  readonly retryReason?: string;
  readonly total: number;
  /** Rows that it was to have; absent unless fewer were queued. */
  readonly ordered?: number;
  readonly steering: SteeringSummary;
  /** What keeps its rows from being begun; absent = nothing. */
  readonly hold?: HoldSummary;
  readonly counts: Readonly<Record<RowState, number>>;
  /** Rows with services that were not told of their change; absent = none. */
  readonly untold?: number;
}

/** @param now milliseconds since 1970 */
export function batchSummary(batch: Batch, now = Date.now()): BatchSummary {
  const { id, kind, name, reason, by, createdAt, endedAt, halt, total, ordered, counts, untold } = batch;
  const { haltReason, haltBy, retriedBy, retryReason } = batch;
  return {
    batch: id,
    kind,
    name,
    reason,
    by,
    createdAt: new Date(createdAt).toISOString(),
    ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt).toISOString() }),
    state: batchState(batch, now),
    ...(halt === undefined ? {} : { halt }),
    ...given({ haltReason, haltBy, retriedBy, retryReason }),
    total,
    ...(ordered === undefined ? {} : { ordered }),
    ...steeringSummary(batch, now),
    counts,
    ...(untold > 0 && { untold }),
  };
}

/**
 * What somebody has to look after of a row: `code: message`, with the worker that it waits for something on, and which
 * services were not told of its change; or an empty text.
 */
export function rowError(row: Pick<Row, 'code' | 'error' | 'waitsOn' | 'untold'>): string {
  const { code, error = '', waitsOn, untold } = row;
  const text = code === undefined ? error : `${code}: ${error}`;
  const why = waitsOn === undefined ? text : `${text} (worker on ${waitsOn})`;
  return [why, untold === undefined ? '' : `not told: ${untold}`].filter((each) => each !== '').join('; ');
}

/** The texts that are not empty. */
function given<Name extends string>(
  texts: Readonly<Record<Name, string>>,
): { readonly [Each in Name]?: string };
function given(texts: Readonly<Record<string, string>>): object {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''));
}
