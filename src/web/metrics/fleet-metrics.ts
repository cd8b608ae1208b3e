import { Counter, Gauge, type Registry } from 'prom-client';
import { clipped } from '../../clipped.ts';
import type { Log } from '../../logger.ts';
import type { QueueStats } from '../../operations/queue/queue-stats.ts';
import { oneLine } from '../../safe-text.ts';
import type { SharedLook } from '../../shared-look.ts';
import type { FleetLook } from './fleet-look.ts';

/** What others wrote may become a label only as far as that, in columns. */
const LONGEST_LABEL = 100;

/** Milliseconds for which it counts how a worker has found the pool. */
const POOL_FRESH_MS = 60_000;

/** Numbers of the whole fleet, as Redis has them: any process that reaches it tells the same. */
export interface FleetMetrics {
  /** Asks Redis. While it is away, its numbers are missing and `cozy_fleet_redis_up` is 0. */
  refresh(): Promise<void>;
}

export function createFleetMetrics(register: Registry, fleet: SharedLook<FleetLook>, log: Log): FleetMetrics {
  const registers = [register];
  const redisUp = gauge('cozy_fleet_redis_up', 'Whether Redis answers');
  const jobs = gauge('cozy_fleet_jobs', 'Jobs in the queue; those that ended are kept for a while', [
    'state',
  ]);
  const oldest = gauge(
    'cozy_fleet_oldest_waiting_seconds',
    'Age of the job that waits for longest; 0 = none',
  );
  const paused = gauge('cozy_fleet_queue_paused', 'Whether no job is taken up');
  const most = gauge(
    'cozy_fleet_queue_concurrency_limit',
    'Most jobs at a time of all workers; missing = no limit',
  );
  const ended = new Counter({
    name: 'cozy_fleet_jobs_ended_total',
    help: 'Jobs that have ended for good, of the whole fleet; a job that is tried again by an operator counts again',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const workers = gauge('cozy_fleet_workers', 'Workers by what they do; silent ones may be dead', ['state']);
  const slots = gauge('cozy_fleet_worker_slots', 'Jobs that the workers can run at a time');
  const away = gauge('cozy_fleet_target_away', 'Servers and storages that workers find away', ['target']);
  const breakers = gauge('cozy_fleet_breakers_open', 'Workers that hold work back for a target', ['target']);
  const running = gauge('cozy_fleet_batches_running', 'Batches with rows that have not ended');
  const rows = gauge('cozy_fleet_batch_rows', 'Rows of the running batches', ['kind', 'state']);
  const total = gauge('cozy_fleet_batch_total_rows', 'Rows of each running batch, of the newest 20', [
    'batch',
  ]);
  const done = gauge('cozy_fleet_batch_ended_rows', 'Those of them that have ended', ['batch']);
  const pool = gauge(
    'cozy_fleet_pool_items',
    'Databases made beforehand, in items of 16, as a worker has found them in the last minute',
    ['cluster', 'state'],
  );
  const plain = [redisUp, oldest, paused, most, slots, running];
  const labelled = [jobs, ended, workers, away, breakers, rows, total, done, pool];

  function gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) {
    return new Gauge<Label>({ name, help, labelNames: [...labelNames], registers });
  }

  function setQueue({ jobs: byState, oldestWaiting, ...stats }: QueueStats): void {
    for (const [state, count] of Object.entries(byState)) jobs.set({ state }, count);
    oldest.set(
      oldestWaiting === undefined ? 0 : Math.max(0, (Date.now() - Date.parse(oldestWaiting)) / 1000),
    );
    paused.set(stats.paused === undefined ? 0 : 1);
    if (stats.concurrency !== undefined) most.set(stats.concurrency.most);
    const { slots: allSlots, ...byStanding } = stats.workers;
    slots.set(allSlots);
    for (const [state, count] of Object.entries(byStanding)) workers.set({ state }, count);
    for (const { name } of stats.away) away.set({ target: labelOf(name) }, 1);
    for (const { batch, total: ordered, ended: over } of stats.batches) {
      total.set({ batch }, ordered);
      done.set({ batch }, over);
    }
  }

  function setRows({ underWay }: FleetLook): void {
    running.set(underWay.length);
    for (const { kind, counts } of underWay) {
      for (const [state, count] of Object.entries(counts)) rows.inc({ kind, state }, count);
    }
  }

  /** Only of targets that some worker that lives finds away: there are few of them, whatever Redis says. */
  function setBreakers({ stats, workers: alive }: FleetLook): void {
    for (const { name } of stats.away) {
      const holding = alive.filter(
        (worker) => !worker.silent && worker.breakers.some((breaker) => breaker.name === name),
      );
      breakers.set({ target: labelOf(name) }, holding.length);
    }
  }

  /** What nobody has looked at for long is not known. */
  function setPool({ pool: found }: FleetLook): void {
    if (found === undefined || Math.abs(Date.now() - found.at) > POOL_FRESH_MS) return;
    for (const { cluster, items } of found.clusters) {
      for (const [state, count] of Object.entries(items)) pool.set({ cluster, state }, count);
    }
  }

  return {
    async refresh() {
      const look = await fleet.look().catch((error: unknown) => {
        log.warn('metrics without Redis', { error });
      });
      // Nothing is waited for from here on: two that ask at a time must not count twice.
      for (const each of labelled) each.reset();
      // A number that is not known is missing: a reset would make it 0.
      for (const each of plain) each.remove();
      redisUp.set(look === undefined ? 0 : 1);
      if (look === undefined) return;
      for (const { kind, state, count } of look.ended) ended.inc({ kind, outcome: state }, count);
      setQueue(look.stats);
      setRows(look);
      setBreakers(look);
      setPool(look);
    },
  };
}

function labelOf(text: string): string {
  return clipped(oneLine(text), LONGEST_LABEL);
}
