import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { JobKind } from '../../jobs/kinds/job-kinds.ts';
import type { Progress } from '../../jobs/queue/progress.ts';
import { listWorkers, type WorkerState } from '../../jobs/redis/worker-heartbeat.ts';
import type { RowHolds } from './row-holds.ts';

/** What is known of the workers when something was queued: it says whether anything will be done, and when. */
export interface WorkersReport {
  readonly event: 'workers';
  readonly workers: readonly WorkerState[];
}

/** What an operation tells of a job on its way. */
export type JobReport =
  /** An earlier job does the same work; it is followed instead. */
  | { readonly event: 'joined'; readonly jobId: string; readonly kind: JobKind }
  /** It is a row of a batch that is held, and waits until somebody has the batch go on. */
  | ({ readonly event: 'held' } & RowHolds)
  | WorkersReport
  /** How far the job is; `ended` tells the last look from those while it runs. */
  | { readonly event: 'progress'; readonly progress: Progress; readonly ended: boolean };

/** What is told besides of a creation. */
export type CreationReport =
  | JobReport
  /** The instance is there, before it is known how its owner gets in; `problem` is why applications are missing. */
  | { readonly event: 'created'; readonly domain: string; readonly problem: string | undefined };

export type CreationReporter = (report: CreationReport) => void;

export type JobReporter = (report: JobReport) => void;

/** Tells which workers there are, for whoever waits for them. */
export async function reportWorkers(
  { redis, keys }: Pick<Fleet, 'redis' | 'keys'>,
  report: (report: WorkersReport) => void,
): Promise<void> {
  report({ event: 'workers', workers: await listWorkers(redis, keys) });
}
