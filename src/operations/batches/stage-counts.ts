import { type BatchKind, stagesOfBatch } from '../../jobs/batches/batch-kind.ts';
import type { RowCause } from '../../jobs/batches/batches.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type Progress, parseProgress, runningStage } from '../../jobs/queue/progress.ts';

/** How many rows of a batch are at, or stopped at, a stage. */
export interface StageCount {
  /** The stored name; an empty text where it is none of the kind's, such as of a row whose job has just begun. */
  readonly stage: string;
  readonly rows: number;
}

/** Active rows that are looked at: more than the workers of most fleets work on at a time. */
const MOST_LOOKED_AT = 512;

/** Active rows by the stage that their jobs are in, in the order of the stages; at most some hundreds are looked at. */
export async function activeByStage(
  { redis, keys, batches }: Pick<Fleet, 'redis' | 'keys' | 'batches'>,
  id: string,
  kind: BatchKind,
): Promise<StageCount[]> {
  const jobIds: string[] = [];
  for await (const { jobId } of batches.rows(id, 'active')) {
    if (jobIds.push(jobId ?? '') === MOST_LOOKED_AT) break;
  }
  if (jobIds.length === 0) return [];
  const asked = jobIds.map((jobId) => ['hget', keys.bull(jobId), 'progress']);
  const answers = (await redis.pipeline(asked).exec()) ?? [];
  const stages = answers.map(([error, text]) => ({
    rows: 1,
    stage: error === null && typeof text === 'string' ? currentStage(parseProgress(text)) : '',
  }));
  return inOrder(stages, kind);
}

/**
 * The stage that runs, and of several side by side the first, so that each row counts once; the one that was done last
 * where the next has not begun.
 */
function currentStage(progress: Progress): string {
  return runningStage(progress) ?? progress.stages.at(-1)?.stage ?? '';
}

/** Rows that stopped at a stage, in the order of the stages. */
export function stoppedByStage(
  causes: readonly Pick<RowCause, 'stage' | 'rows'>[],
  kind: BatchKind,
): StageCount[] {
  return inOrder(causes, kind);
}

function inOrder(found: readonly StageCount[], kind: BatchKind): StageCount[] {
  const order: readonly string[] = stagesOfBatch(kind);
  const counts = new Map<string, number>();
  for (const { stage: written, rows } of found) {
    const stage = order.includes(written) ? written : '';
    counts.set(stage, (counts.get(stage) ?? 0) + rows);
  }
  return [...counts]
    .map(([stage, rows]) => ({ stage, rows }))
    .sort((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage));
}
