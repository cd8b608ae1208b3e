import type { Batch, Batches, RowCause } from '../../jobs/batches/batches.ts';
import { type StageCount, stoppedByStage } from './stage-counts.ts';

/** How many rows of a batch failed for one cause. */
export interface FailureCount {
  /** Code of the error (`docs/errors.md`). */
  readonly code: string;
  readonly rows: number;
}

/** Why rows of a batch failed or are incomplete, and where. */
export interface Failures {
  /** Most frequent first. */
  readonly byCode: readonly FailureCount[];
  readonly byStage: readonly StageCount[];
}

/** Causes that are told; a fleet has far fewer, but anybody may have written what Redis keeps. */
export const MOST_CAUSES = 50;

const NONE: Failures = { byCode: [], byStage: [] };

/** Counts what failed in one batch, at a cost that does not grow with its rows. */
export async function failuresOf(batches: Pick<Batches, 'causes' | 'rows'>, batch: Batch): Promise<Failures> {
  if (batch.counts.failed + batch.counts.incomplete === 0) return NONE;
  const causes = await failedCauses(batches, batch);
  return { byCode: byCode(causes), byStage: stoppedByStage(causes, batch.kind) };
}

/** What an earlier version has recorded is read row by row, until a worker has entered it into the index. */
export async function failedCauses(
  batches: Pick<Batches, 'causes' | 'rows'>,
  { id, counts }: Batch,
): Promise<readonly Pick<RowCause, 'stage' | 'code' | 'rows'>[]> {
  const causes = (await batches.causes(id)).filter(
    ({ state }) => state === 'failed' || state === 'incomplete',
  );
  const known = causes.reduce((sum, { rows }) => sum + rows, 0);
  if (known >= counts.failed + counts.incomplete) return causes;
  const found: Pick<RowCause, 'stage' | 'code' | 'rows'>[] = [];
  for await (const { stage = '', code = 'unknown' } of batches.rows(id, 'failed', 'incomplete')) {
    found.push({ stage, code, rows: 1 });
  }
  return found;
}

function byCode(causes: readonly Pick<RowCause, 'code' | 'rows'>[]): FailureCount[] {
  const counts = new Map<string, number>();
  for (const { code, rows } of causes) counts.set(code, (counts.get(code) ?? 0) + rows);
  return [...counts]
    .map(([code, rows]) => ({ code, rows }))
    .sort((a, b) => b.rows - a.rows)
    .slice(0, MOST_CAUSES);
}
