import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Batch } from '../../jobs/batches/batches.ts';
import { endedJobs } from '../../jobs/queue/ended-jobs.ts';
import { listWorkers } from '../../jobs/redis/worker-heartbeat.ts';
import { queueDepth } from '../../operations/jobs/queue-depth.ts';
import type { WebContext } from '../web-context.ts';

/** Batches that are looked at for those that run. */
const BATCHES = 100;

/** Upper ends of the classes of answer times, in seconds; creations take long. */
const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600];

/**
 * Numbers for Prometheus: the queue, the workers and the running batches as Redis has them now, jobs that ended, requests to this
 * server, and this process. While Redis is away its numbers are missing, and `cozy_fleet_redis_up` is 0.
 */
export function metricsRoute(app: FastifyInstance, context: WebContext): void {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const redisUp = gauge('cozy_fleet_redis_up', 'Whether Redis answers');
  const jobs = gauge('cozy_fleet_jobs', 'Jobs in the queue; those that ended are kept for a while', [
    'state',
  ]);
  const ended = new Counter({
    name: 'cozy_fleet_jobs_ended_total',
    help: 'Jobs that have ended for good, of the whole fleet; a job that is tried again by an operator counts again',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const workers = gauge('cozy_fleet_workers', 'Workers that are alive', ['state']);
  const running = gauge('cozy_fleet_batches_running', 'Batches with rows that have not ended');
  const rows = gauge('cozy_fleet_batch_rows', 'Rows of the running batches', ['kind', 'state']);
  const requests = new Counter({
    name: 'cozy_fleet_requests_total',
    help: 'Answers of the admin port',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'cozy_fleet_request_seconds',
    help: 'How long answers of the admin port took',
    labelNames: ['method', 'route'],
    buckets: SECONDS,
    registers,
  });

  function gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) {
    return new Gauge<Label>({ name, help, labelNames: [...labelNames], registers });
  }

  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? '';
    requests.inc({ method: request.method, route, status: String(reply.statusCode) });
    seconds.observe({ method: request.method, route }, reply.elapsedTime / 1000);
  });

  async function askRedis(): Promise<void> {
    const fleet = await context.fleet();
    const { redis, keys, batches } = fleet;
    const [depth, alive, latest, ends] = await Promise.all([
      queueDepth(fleet),
      listWorkers(redis, keys),
      batches.list(BATCHES),
      endedJobs(redis, keys),
    ]);
    for (const { kind, state, count } of ends) ended.inc({ kind, outcome: state }, count);
    for (const [state, count] of Object.entries(depth.jobs)) jobs.set({ state }, count);
    workers.set({ state: 'working' }, alive.filter(({ waitsFor }) => waitsFor === '').length);
    workers.set({ state: 'waiting' }, alive.filter(({ waitsFor }) => waitsFor !== '').length);
    setBatches(latest.filter(({ endedAt }) => endedAt === undefined));
  }

  function setBatches(unended: readonly Batch[]): void {
    running.set(unended.length);
    for (const { kind, counts } of unended) {
      for (const [state, count] of Object.entries(counts)) rows.inc({ kind, state }, count);
    }
  }

  app.get('/metrics', async (_request, reply) => {
    for (const each of [redisUp, jobs, ended, workers, running, rows]) each.reset();
    try {
      await askRedis();
      redisUp.set(1);
    } catch (error) {
      context.log.warn('metrics without Redis', { error });
      redisUp.set(0);
    }
    return reply.type(register.contentType).send(await register.metrics());
  });
}
