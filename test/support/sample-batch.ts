import type { Batch } from '../../src/jobs/batches/batches.ts';
import type { RowState } from '../../src/jobs/batches/row-state.ts';
import { NO_STEERING } from '../../src/jobs/batches/steering.ts';
import type { WorkerBeat, WorkerState } from '../../src/jobs/redis/worker-heartbeat.ts';
import type { BatchView } from '../../src/operations/batches/follow-batch.ts';
import { holdsOf } from '../../src/operations/batches/holds.ts';

const NONE: Record<RowState, number> = {
  waiting: 0,
  active: 0,
  retrying: 0,
  done: 0,
  skipped: 0,
  incomplete: 0,
  failed: 0,
  cancelled: 0,
};

/** A batch of 1,200 rows; what is not counted waits. */
export function sampleBatch(counts: Partial<Record<RowState, number>>, changes: Partial<Batch> = {}): Batch {
  const total = changes.total ?? 1200;
  const known = Object.values(counts).reduce((sum, rows) => sum + rows, 0);
  return {
    id: '7Q2K4',
    kind: 'create',
    name: 'school.csv',
    reason: '',
    by: 'me@host',
    createdAt: 0,
    endedAt: undefined,
    total,
    ordered: undefined,
    maxFailures: undefined,
    maxFailuresPercent: undefined,
    halt: undefined,
    haltReason: '',
    steering: NO_STEERING,
    haltBy: '',
    retriedBy: '',
    retryReason: '',
    untold: 0,
    counts: { ...NONE, waiting: total - known, ...counts },
    ...changes,
  };
}

export function sampleWorker(waitsFor = ''): WorkerState {
  return { ...sampleBeat({ waitsFor }), silentMs: 0, silent: false };
}

/** What a worker says of itself. */
export function sampleBeat(changes: Partial<WorkerBeat> = {}): WorkerBeat {
  return {
    ...{ id: 'w', host: 'h', pid: 1, concurrency: 4, running: 4, startedAt: 0, waitsFor: '' },
    ...{ version: '1.2.3', done: 0, failed: 0, jobs: [], breakers: [], unwell: [] },
    ...changes,
  };
}

/** What is seen of a batch by whoever follows it. */
export function sampleView(
  given: Pick<BatchView, 'batch' | 'workers' | 'rate'> & Partial<BatchView>,
): BatchView {
  const { batch, workers } = given;
  return {
    activeByStage: [],
    oldestWaitingMs: undefined,
    waits: [],
    holds: holdsOf(batch, workers),
    ...given,
  };
}
