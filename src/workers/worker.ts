import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CouchServer } from '../couchdb/server.ts';
import { FleetError, toError } from '../errors.ts';
import { NOT_LOOKED_AT } from '../health-watch.ts';
import type { KeyedFleet } from '../jobs/fleet/fleet.ts';
import type { FleetJob } from '../jobs/fleet/open-queue.ts';
import { openGate } from '../jobs/gate/gate.ts';
import type { WorkEvent, WorkerReport } from '../jobs/queue/work-event.ts';
import { RING } from '../jobs/redis/bell.ts';
import { leave } from '../jobs/redis/worker-heartbeat.ts';
import type { Log } from '../logger.ts';
import { OWN_VERSION } from '../own-version.ts';
import { usableClusters } from './create/choose-cluster.ts';
import { type DateSettings, startDateUpkeep } from './dates/date-upkeep.ts';
import { createBreakerBoard } from './health/breaker-board.ts';
import { createHeartbeat } from './health/heartbeat.ts';
import { createOverloadBrake } from './health/overload-brake.ts';
import { watchTargets } from './health/watch-targets.ts';
import { joinNeighbours } from './neighbours/neighbours.ts';
import { startPoolUpkeep } from './pool/pool-upkeep.ts';
import { QueueWorker } from './queue-worker.ts';
import { recordEndOfJob } from './recovery/reconcile.ts';
import { startUpkeep } from './recovery/upkeep.ts';
import { createCancelWatch } from './run/cancel-watch.ts';
import { createGateKeeper } from './run/gate-keeper.ts';
import { createJobRunner } from './run/job-runner.ts';
import { queueDelay } from './run/retry-policy.ts';
import { LOCK_MS } from './run/running-job.ts';
import { createWorkLog } from './run/work-log.ts';
import type { StageObserver } from './stage/pipeline.ts';
import type { Services } from './stage/services.ts';

/**
 * How often stalled jobs are looked for, in milliseconds: where a worker's death is not seen otherwise (`neighbours`), its
 * jobs go on after 7–12 s (`ARCHITECTURE.md` §4.4).
 */
const STALLED_INTERVAL_MS = 2_000;

/** A rollout stalls every running job once; only a job that kills its workers gets this far. */
const MAX_STALLED_COUNT = 5;

/**
 * A worker that waits for the queue's limit of jobs in some time looks again that often, in milliseconds: the limit may be
 * another one by then.
 */
const RATE_LOOK_MS = 1_000;

/** What the queue takes for "no further try". */
const FAIL_FOR_GOOD = -1;

export interface FleetWorkerOptions {
  readonly fleet: KeyedFleet;
  /** `fleet.prefix` */
  readonly prefix: string;
  /** What the stages use, but for the choice of clusters, which the breakers have a say in. */
  readonly services: Omit<Services, 'openClusters'>;
  /** All clusters in the order of the configuration. */
  readonly clusters: readonly CouchServer[];
  /** Indexes of those open to creation. */
  readonly creationClusters: readonly number[];
  /** Jobs at a time. */
  readonly concurrency: number;
  readonly dates: DateSettings;
  readonly log: Log;
  readonly observer?: StageObserver;
  /** How long it may take to hand back the jobs that run when it is stopped, in milliseconds. */
  readonly graceMs: number;
  /** Where workers of this machine and user meet. */
  readonly neighboursDirectory: string;
  /** Told of each step of the work. */
  onWork?(event: WorkEvent): void;
}

export interface FleetWorker {
  readonly id: string;
  report(): WorkerReport;
  /**
   * Takes no further job, hands the running ones back at their next safe point, and ends; resolves
   * when the last one is back. Lets go of everything when the time for that has run out, whatever Redis does.
   * @throws FleetError `stop_cut_short`
   */
  stop(): Promise<void>;
}

/** Starts a worker in this process; any number may run on any number of machines. */
export async function startWorker(options: FleetWorkerOptions): Promise<FleetWorker> {
  const { fleet, clusters, creationClusters, concurrency } = options;
  const { redis, keys } = fleet;
  const id = randomUUID();
  const log = options.log.child({ worker: id });
  const startedAt = Date.now();
  const stopping = new AbortController();
  /** Why what is away cannot be used, by its name. */
  const away = new Map<string, string>();
  const work = createWorkLog((event) => options.onWork?.(event));
  let broken = '';

  const board = createBreakerBoard({
    global: options.services.global,
    clusters,
    storage: options.services.storage,
    onChange(name, reason) {
      if (reason === '') {
        log.warn('going on', { target: name });
        away.delete(name);
      } else {
        log.warn('holding work back', { target: name, reason });
        away.set(name, reason);
      }
      void holdOrGo();
      void heartbeat.beat();
    },
  });
  const services: Services = {
    ...options.services,
    log,
    openClusters: () => usableClusters(clusters, creationClusters, board),
  };
  const cancels = await createCancelWatch(redis, keys, (error) => log.warn('cancellations', { error }));
  const brake = createOverloadBrake({
    full: concurrency,
    setConcurrency: (value) => {
      worker.concurrency = value;
    },
  });
  const isHeld = (): boolean => heartbeat.draining || board.blocksAll;
  const run = createJobRunner({
    ...fleet,
    services,
    board,
    cancels,
    stop: stopping.signal,
    isHeld,
    onWork: work.note,
    log,
    onOverload: () => brake.slowDown(),
    ...(options.observer === undefined ? {} : { observer: options.observer }),
  });

  const gate = createGateKeeper(
    () => openGate(fleet),
    (error) => log.warn('gate', { error }),
  );
  const worker = new QueueWorker(
    id,
    async (job: FleetJob, token = '') => {
      try {
        return await run(job, token);
      } finally {
        gate.kick();
      }
    },
    {
      connection: redis,
      prefix: keys.bullPrefix,
      concurrency,
      autorun: false,
      lockDuration: LOCK_MS,
      skipLockRenewal: true,
      stalledInterval: STALLED_INTERVAL_MS,
      maxStalledCount: MAX_STALLED_COUNT,
      drainDelay: 1,
      maximumRateLimitDelay: RATE_LOOK_MS,
      // How long it waits after a connection failed, in milliseconds.
      runRetryDelay: 1_000,
      settings: {
        backoffStrategy: (triesSpent, _type, _error, job) =>
          queueDelay(triesSpent, triesOf(job?.data)) ?? FAIL_FOR_GOOD,
      },
    },
  );
  worker.on('error', (error) => log.warn('worker', { error }));
  /** To those who wait for it; where that is lost they look by themselves after a while. */
  const announceEnd = (job: FleetJob | undefined): void => {
    redis.publish(keys.jobChannel(job?.id ?? ''), RING.end).catch(() => undefined);
  };
  worker.on('completed', announceEnd);
  worker.on('failed', announceEnd);
  worker.on('failed', (job) => {
    if (job !== undefined) recordEndOfJob(fleet, job).catch((error) => log.warn('settling', { error }));
  });

  async function holdOrGo(): Promise<void> {
    if (stopping.signal.aborted) return;
    try {
      if (isHeld()) await worker.pause(true);
      else await worker.resume();
    } catch (error) {
      log.warn('worker', { error });
    }
  }
  const heartbeat = createHeartbeat({
    ...fleet,
    log,
    onDrain: holdOrGo,
    state: () => {
      const running = work.running();
      const breakers = [...away].map(([name, reason]) => ({ name, reason }));
      return {
        ...{ id, host: hostname(), pid: process.pid, version: OWN_VERSION, startedAt },
        ...{ concurrency: worker.concurrency, running: running.length, jobs: running },
        ...{ done: work.done, failed: work.failed },
        waitsFor: breakers.map(({ name, reason }) => `${name}: ${reason}`).join('; '),
        breakers,
        unwell: targets.states().filter(({ reason }) => reason !== '' && reason !== NOT_LOOKED_AT),
      };
    },
  });

  const targets = watchTargets({ ...options.services, redis, clusters }, () => void heartbeat.beat());

  await heartbeat.beat();
  const neighbours = await joinNeighbours({
    ...fleet,
    workerId: id,
    directory: options.neighboursDirectory,
    takeUpStalled: () => worker.takeUpStalled(),
    log,
  });
  const upkeep = startUpkeep({ fleet, log, signal: stopping.signal });
  const poolUpkeep = startPoolUpkeep({
    fleet,
    prefix: options.prefix,
    services,
    creationClusters,
    isHeld,
    signal: stopping.signal,
  });
  const ofDates = { ...options.dates, global: services.global, isHeld, signal: stopping.signal };
  const dateUpkeep = startDateUpkeep({ ...ofDates, fleet, log });
  worker.run().catch((error) => {
    broken = toError(error).message;
    log.error('worker stopped', { error });
  });
  log.info('worker started', { concurrency });

  async function tidyUp(closed: Promise<void>): Promise<void> {
    await closed;
    await leave(redis, keys, id);
    await neighbours.leave();
  }

  return {
    id,
    report: () => ({
      id,
      targets: targets.states(),
      running: work.running().length,
      lastProgressAt: work.lastProgressAt,
      draining: heartbeat.draining,
      broken,
    }),
    async stop() {
      const parts = [upkeep, neighbours, poolUpkeep, dateUpkeep, gate, heartbeat, targets, board, brake];
      for (const part of parts) part.stop();
      // Fetching stops first: a job taken after the signal would run on unnoticed (`docs/bullmq.md` §3).
      const closed = worker.close();
      stopping.abort(new Error('this worker is stopping'));
      try {
        await withinGrace(tidyUp(closed), options.graceMs);
        log.info('worker stopped');
      } finally {
        cancels.stop();
        // Closed already, unless its connection is what it waits for.
        worker
          .getBackend()
          .disconnectBlocking(false)
          .catch(() => undefined);
      }
    },
  };
}

/** Tries of a payload; undefined for one that has ended, and for whatever is none of ours. */
function triesOf(data: unknown): number | undefined {
  const isObject = typeof data === 'object' && data !== null;
  return isObject && 'tries' in data && typeof data.tries === 'number' ? data.tries : undefined;
}

/** @throws FleetError `stop_cut_short` when it takes longer */
async function withinGrace(tidied: Promise<void>, graceMs: number): Promise<void> {
  const enough = new AbortController();
  const cutShort = sleep(graceMs, undefined, { signal: enough.signal }).then(() => {
    throw new FleetError(
      'stop_cut_short',
      `the jobs could not all be handed back within ${graceMs / 1000} s`,
      'Other workers take them up when their locks have run out. See whether Redis answers.',
    );
  });
  // The one that comes second is of no interest.
  tidied.catch(() => undefined);
  cutShort.catch(() => undefined);
  try {
    await Promise.race([tidied, cutShort]);
  } finally {
    enough.abort();
  }
}
