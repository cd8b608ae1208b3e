import type { WorkerReport } from '../../jobs/queue/work-event.ts';
import { type WantedBy, type WorkerTotals, wantedByRecord } from '../../operations/queue/queue-stats.ts';
import type { FleetLook } from '../metrics/fleet-look.ts';

/** Milliseconds without any progress after which a worker with running jobs is stuck: no stage takes that long. */
export const STUCK_AFTER_MS = 15 * 60_000;

/** One thing that a worker needs. */
export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Why not, to go after the name; absent when it is well. */
  readonly reason?: string;
}

/** Whether a worker can do its work, and what there is to know beside that. */
export interface Readiness {
  readonly ready: boolean;
  /** Absent as long as it starts. */
  readonly worker?: string;
  readonly checks: readonly ReadinessCheck[];
  readonly running?: number;
  /** ISO 8601. */
  readonly lastProgressAt?: string;
  /** Set while it is to take no further job. It is ready all the same, as it is for a paused queue: somebody wanted that. */
  readonly draining?: WantedBy;
  /** Of the whole fleet; absent while Redis does not answer. */
  readonly queue?: { readonly paused?: WantedBy; readonly workers: WorkerTotals };
}

/** What is known of a worker that has not started. */
export interface Starting {
  /** What it waits for; empty where nothing was found yet. */
  readonly waitsFor: string;
}

/** @param fleet what was found in Redis; undefined while it does not answer @param now milliseconds since 1970 */
export function readinessOf(
  worker: WorkerReport | Starting,
  fleet: FleetLook | undefined,
  now: number,
): Readiness {
  if (!('id' in worker)) {
    const reason = worker.waitsFor === '' ? 'is starting' : `has not started: ${worker.waitsFor}`;
    return { ready: false, checks: [{ name: 'worker', ok: false, reason }] };
  }
  const { id, targets, running, lastProgressAt } = worker;
  const checks = [
    ...targets.map(({ name, reason }) => checkOf(name, reason)),
    checkOf('progress', progressProblem(worker, now)),
  ];
  const draining = fleet?.workers.find((each) => each.id === id)?.draining;
  return {
    ready: checks.every(({ ok }) => ok),
    worker: id,
    checks,
    running,
    lastProgressAt: new Date(lastProgressAt).toISOString(),
    ...(draining === undefined ? {} : { draining: wantedByRecord(draining) }),
    ...(fleet === undefined ? {} : { queue: queueOf(fleet) }),
  };
}

function queueOf({ stats: { paused, workers } }: FleetLook) {
  return { ...(paused === undefined ? {} : { paused }), workers };
}

function checkOf(name: string, reason: string): ReadinessCheck {
  return reason === '' ? { name, ok: true } : { name, ok: false, reason };
}

function progressProblem({ broken, running, lastProgressAt }: WorkerReport, now: number): string {
  if (broken !== '') return `has ended: ${broken}`;
  const ms = now - lastProgressAt;
  return running > 0 && ms > STUCK_AFTER_MS ? `is none since ${Math.round(ms / 60_000)} min` : '';
}
