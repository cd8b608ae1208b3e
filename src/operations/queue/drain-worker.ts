import { InputError } from '../../errors.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type DrainOrder, dropDrain, orderDrain } from '../../jobs/redis/drain-orders.ts';
import { listWorkers, type WorkerState } from '../../jobs/redis/worker-heartbeat.ts';

/** What of a fleet is needed to find a worker and to steer it. */
type Steerable = Pick<Fleet, 'redis' | 'keys'>;

/**
 * The worker with that id, or the only one whose id begins so.
 * @throws InputError `unknown_worker`
 */
export async function findWorker({ redis, keys }: Steerable, named: string): Promise<WorkerState> {
  const workers = await listWorkers(redis, keys);
  const exact = workers.find(({ id }) => id === named);
  if (exact !== undefined) return exact;
  const [worker, another] = named === '' ? [] : workers.filter(({ id }) => id.startsWith(named));
  if (worker !== undefined && another === undefined) return worker;
  const text = JSON.stringify(named);
  throw new InputError(
    'unknown_worker',
    worker === undefined ? `there is no worker ${text}` : `the ids of several workers begin with ${text}`,
    {},
    'cozy-fleet workers ls lists them.',
  );
}

/**
 * Has a worker take no further job. It finishes those that run, and stays: to end a process is its supervisor's, who would
 * start it again.
 * @returns the worker as it was before
 * @throws InputError `unknown_worker`
 */
export async function drainWorker(fleet: Steerable, named: string, order: DrainOrder): Promise<WorkerState> {
  const worker = await findWorker(fleet, named);
  await orderDrain(fleet.redis, fleet.keys, worker.id, order);
  return worker;
}

/**
 * Has a worker take jobs again.
 * @returns the worker as it was before, with the order that is taken back, where there was one
 * @throws InputError `unknown_worker`
 */
export async function undrainWorker(fleet: Steerable, named: string): Promise<WorkerState> {
  const worker = await findWorker(fleet, named);
  await dropDrain(fleet.redis, fleet.keys, worker.id);
  return worker;
}
