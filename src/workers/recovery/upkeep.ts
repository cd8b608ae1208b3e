import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { sweepGateInTurn } from '../../jobs/gate/sweep-gate.ts';
import type { Log } from '../../logger.ts';
import { settleAll } from '../../settle-all.ts';
import { shown } from '../run/job-runner.ts';
import { deliverNotices } from './deliver-notices.ts';
import { reconcileInTurn } from './reconcile.ts';
import { lookAfterIndexInTurn } from './sweep-index.ts';
import { failUnreadableJobs } from './unreadable-jobs.ts';

/** Milliseconds between two looks for rows without an end: what a failover lost is known within a minute. */
const RECONCILE_INTERVAL_MS = 15_000;

/** Milliseconds between two looks for rows that were let through and lie about. */
const SWEEP_INTERVAL_MS = 1_000;

/** Milliseconds between two looks for notices that are due. */
const NOTICES_INTERVAL_MS = 2_000;

export interface UpkeepOptions {
  readonly fleet: KeyedFleet;
  readonly log: Log;
  /** Aborted when the worker stops. */
  readonly signal: AbortSignal;
}

/** What a worker does beside its jobs, for all: what dead workers and commands have left is put right, and notices are sent. */
export function startUpkeep({ fleet, log, signal }: UpkeepOptions): { stop(): void } {
  async function lookAfterOthers(): Promise<void> {
    await failUnreadableJobs(fleet, (jobId) =>
      log.error('job refused', {
        job: shown(jobId),
        code: 'bad_payload',
        error: 'its fields cannot be read',
      }),
    );
    await settleAll([reconcileInTurn(fleet), lookAfterIndexInTurn(fleet)]);
  }

  const timers = [
    setInterval(() => {
      sweepGateInTurn(fleet).catch((error) => log.warn('gate', { error }));
    }, SWEEP_INTERVAL_MS),
    setInterval(() => {
      lookAfterOthers().catch((error) => log.warn('reconciling', { error }));
    }, RECONCILE_INTERVAL_MS),
    setInterval(() => {
      deliverNotices({ fleet, log, signal }).catch((error) => log.warn('notices', { error }));
    }, NOTICES_INTERVAL_MS),
  ];
  return {
    stop() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}
