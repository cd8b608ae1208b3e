import type { Batch } from '../../jobs/batches/batches.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { endedLately } from '../../jobs/queue/ended-jobs.ts';
import { type Controlled, type QueueControls, readControls } from '../../jobs/queue/queue-controls.ts';
import type { SteeringRecord } from '../../jobs/redis/drain-orders.ts';
import { listWorkers, type TargetProblem, type WorkerState } from '../../jobs/redis/worker-heartbeat.ts';
import { type BatchSummary, batchSummary, endedRows } from '../batches/batch-state.ts';
import { type QueueDepth, queueDepth } from '../jobs/queue-depth.ts';
import { rateText } from './queue-limits.ts';

/** Who wanted something, for programs; empty where something else than cozy-fleet has done it. */
export interface WantedBy {
  readonly by?: string;
  /** Absent where none was given. */
  readonly reason?: string;
  /** ISO 8601. */
  readonly since?: string;
}

/** A batch that has not ended. */
export interface BatchUnderWay extends Pick<BatchSummary, 'batch' | 'kind' | 'name' | 'total'> {
  readonly ended: number;
}

/** The workers together. */
export interface WorkerTotals {
  /** Those that take jobs up. */
  readonly working: number;
  /** Those that something is away for. */
  readonly waiting: number;
  /** Those that were told to take no further job. */
  readonly draining: number;
  /** Those that should have said something since, and may be dead. */
  readonly silent: number;
  /** Jobs that all but the silent ones can run at a time. */
  readonly slots: number;
}

/** The queue as a whole at one moment. */
export interface QueueStats extends QueueDepth {
  /** Jobs that ended within the last minute, by how. */
  readonly endedLastMinute: Awaited<ReturnType<typeof endedLately>>;
  readonly workers: WorkerTotals;
  /** Set while no job is taken up. */
  readonly paused?: WantedBy;
  /** Most jobs at a time in all workers together. */
  readonly concurrency?: WantedBy & { readonly most: number };
  /** Most jobs that begin within some time. */
  readonly rate?: WantedBy & { readonly limit: string };
  /** What workers find away, each once. */
  readonly away: readonly TargetProblem[];
  /** Newest first, at most {@link MOST_BATCHES}. */
  readonly batches: readonly BatchUnderWay[];
}

/** Batches under way that are shown. */
export const MOST_BATCHES = 20;

/** Batches that are looked at for those that are under way. */
const LATEST_BATCHES = 100;

/** Targets that are shown. */
const MOST_TARGETS = 20;

/** What stands behind the numbers of {@link queueStats}. */
export interface QueueLook {
  readonly stats: QueueStats;
  readonly workers: readonly WorkerState[];
  /** Batches that have not ended, of the latest {@link LATEST_BATCHES}. */
  readonly underWay: readonly Batch[];
}

/** Looks at the queue as a whole, at a cost that does not grow with its jobs. */
export async function queueStats(fleet: Fleet): Promise<QueueStats> {
  return (await lookAtQueue(fleet)).stats;
}

/** The same, with what it was counted from. */
export async function lookAtQueue(fleet: Fleet): Promise<QueueLook> {
  const { redis, keys, batches } = fleet;
  const [depth, ended, controls, workers, latest] = await Promise.all([
    queueDepth(fleet),
    endedLately(redis, keys),
    readControls(fleet),
    listWorkers(redis, keys),
    batches.list(LATEST_BATCHES),
  ]);
  const underWay = latest.filter(({ endedAt }) => endedAt === undefined);
  const stats = {
    ...depth,
    endedLastMinute: ended,
    workers: workerTotals(workers),
    ...steering(controls),
    away: targetsAway(workers),
    batches: underWay.slice(0, MOST_BATCHES).map((each) => {
      const { batch, kind, name, total } = batchSummary(each);
      return { batch, kind, name, total, ended: endedRows(each) };
    }),
  };
  return { stats, workers, underWay };
}

function steering({ paused, concurrency, rate }: QueueControls) {
  return {
    ...(paused === undefined ? {} : { paused: wantedBy(paused) }),
    ...(concurrency === undefined
      ? {}
      : { concurrency: { most: concurrency.most, ...wantedBy(concurrency) } }),
    ...(rate === undefined ? {} : { rate: { limit: rateText(rate), ...wantedBy(rate) } }),
  };
}

/** Who wanted it, as programs read it. */
export function wantedBy({ who }: Controlled): WantedBy {
  return who === undefined ? {} : wantedByRecord(who);
}

/** A record as programs read it. */
export function wantedByRecord({ by, reason, at }: SteeringRecord): WantedBy {
  return { by, ...(reason === '' ? {} : { reason }), since: new Date(at).toISOString() };
}

/** Counts workers, each in one place: the first of silent, draining, waiting, working that it is. */
export function workerTotals(workers: readonly WorkerState[]): WorkerTotals {
  const totals = { working: 0, waiting: 0, draining: 0, silent: 0, slots: 0 };
  for (const worker of workers) {
    totals[standing(worker)] += 1;
    if (!worker.silent && worker.draining === undefined) totals.slots += worker.concurrency;
  }
  return totals;
}

function standing({ silent, draining, waitsFor, unwell }: WorkerState): Exclude<keyof WorkerTotals, 'slots'> {
  if (silent) return 'silent';
  if (draining !== undefined) return 'draining';
  return waitsFor === '' && unwell.length === 0 ? 'working' : 'waiting';
}

/** What workers that live find away, each target once. */
export function targetsAway(workers: readonly WorkerState[]): TargetProblem[] {
  const found = new Map<string, TargetProblem>();
  for (const { silent, breakers, unwell } of workers) {
    if (silent) continue;
    for (const problem of [...unwell, ...breakers]) found.set(problem.name, problem);
  }
  return [...found.values()].slice(0, MOST_TARGETS);
}
