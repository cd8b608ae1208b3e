import type { Batch } from '../../jobs/batches.ts';
import type { JobKind } from '../../jobs/payload.ts';
import { FINAL_ROW_STATES, type RowState } from '../../jobs/row-state.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GivingUp } from '../patience.ts';

/** Where a batch stands, as a whole. */
export type BatchState = 'running' | 'done' | 'partly failed' | 'failed';

export function batchState({ endedAt, counts }: Batch): BatchState {
  if (endedAt === undefined) return 'running';
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

/** Exit code of who watched a batch (`ARCHITECTURE.md` §6.1). */
export function batchExitCode(batch: Batch, gaveUp: GivingUp | undefined): ExitCode {
  switch (batchState(batch)) {
    case 'running':
      return gaveUp === 'interrupted' ? EXIT.interrupted : EXIT.stillRunning;
    case 'done':
      return EXIT.done;
    case 'partly failed':
      return EXIT.partlyFailed;
    case 'failed':
      return EXIT.failed;
  }
}

/** A batch as `--json` gives it. */
export interface BatchSummary {
  readonly batch: string;
  readonly kind: JobKind;
  readonly name: string;
  readonly reason: string;
  readonly by: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly endedAt?: string;
  readonly state: BatchState;
  readonly halt?: string;
  readonly total: number;
  readonly counts: Readonly<Record<RowState, number>>;
}

export function batchSummary(batch: Batch): BatchSummary {
  const { id, kind, name, reason, by, createdAt, endedAt, halt, total, counts } = batch;
  return {
    batch: id,
    kind,
    name,
    reason,
    by,
    createdAt: new Date(createdAt).toISOString(),
    ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt).toISOString() }),
    state: batchState(batch),
    ...(halt === undefined ? {} : { halt }),
    total,
    counts,
  };
}
