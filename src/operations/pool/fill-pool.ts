import { type Config, clustersOpenToCreation } from '../../config/config.ts';
import { FleetError, InputError } from '../../errors.ts';
import { createPoolStore } from '../../instances/pool/pool-store.ts';
import { busy } from '../../jobs/claims/busy.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { Author } from '../../jobs/kinds/author.ts';
import { enqueueJob } from '../../jobs/queue/enqueue.ts';
import { othersWait } from '../../jobs/queue/others-wait.ts';
import { pause } from '../../pause.ts';
import type { Couch } from '../connect/couch.ts';
import { followJob } from '../jobs/follow-job.ts';
import type { JobReporter } from '../jobs/job-report.ts';
import type { RunOptions } from '../jobs/run-job.ts';
import { type WaitEnd, type WaitLimit, withWaitLimit } from '../wait-limit.ts';
import { countItems } from './list-pool.ts';

/** What is to be filled, and how far. */
export interface FillRequest {
  /** Indexes of clusters. */
  readonly clusters: readonly number[];
  /** Items that are to be there at the end. */
  readonly to: number;
  readonly author: Author;
}

/** The pool of one cluster after it was filled. */
export interface FilledPool {
  readonly cluster: number;
  /** The last job that filled it. */
  readonly jobId: string;
  readonly ready: number;
}

/** How filling ended. */
export interface FillResult {
  readonly pools: readonly FilledPool[];
  readonly state: 'queued' | 'full' | 'not-full' | 'running';
  /** Why nobody waited any longer. */
  readonly endedBy?: WaitEnd;
}

/** Told whenever a pool was counted. */
export type FillReporter = (event: FilledPool & { readonly to: number }) => void;

/** Most items of a cluster (`config/pool-section.ts`). */
const MOST_ITEMS = 10_000;

/** Before a pool that is not full yet is filled further, in milliseconds: others waited. */
const AGAIN_MS = 1_000;

/**
 * Reads what a command was given.
 * @param cluster all that are open to creation where it is undefined @param to `fleet.pool.size` where it is undefined
 * @throws InputError where there is no pool, no such cluster, or one that is closed
 */
export function fillTargets(
  config: Config,
  {
    cluster,
    to = config.fleet.pool.size,
  }: { readonly cluster?: number | undefined; readonly to?: number | undefined },
): Pick<FillRequest, 'clusters' | 'to'> {
  if (config.fleet.pool.size === 0) {
    throw new InputError(
      'bad_choice',
      'there is no pool',
      { key: 'fleet.pool.size' },
      'Set fleet.pool.size, here and for the workers.',
    );
  }
  if (to < 1 || to > MOST_ITEMS) {
    throw new InputError('bad_choice', `--to must be from 1 to ${MOST_ITEMS}`, { column: '--to' });
  }
  const open = clustersOpenToCreation(config);
  if (cluster === undefined) return { clusters: open, to };
  if (!open.includes(cluster)) {
    const which = open.length === 0 ? 'none is' : `open are ${open.join(', ')}`;
    throw new InputError('bad_choice', `no new instances are made on cluster ${cluster}: ${which}`, {
      column: '--cluster',
    });
  }
  return { clusters: [cluster], to };
}

/**
 * Has pools filled now, whatever their hours, and waits until they are full unless `async`. Where other jobs keep one from
 * being filled, it is queued again.
 * @throws FleetError with the job's own code when one failed, `busy`, `lost_job`
 */
export async function fillPools(
  services: { readonly fleet: KeyedFleet; readonly couch: Couch },
  request: FillRequest,
  { async, ...wait }: RunOptions,
  report: JobReporter,
  reportFilled: FillReporter,
): Promise<FillResult> {
  return await withWaitLimit(wait, async (limit) => {
    const pools = new Map<number, FilledPool>();
    for (const cluster of request.clusters) {
      const jobId = await queueFilling(services.fleet, request, cluster);
      pools.set(cluster, { cluster, jobId, ready: await readyOn(services.couch, cluster) });
    }
    const result = (state: FillResult['state']): FillResult => {
      const { endedBy } = limit;
      return {
        pools: [...pools.values()],
        state,
        ...(state === 'running' && endedBy !== undefined && { endedBy }),
      };
    };
    if (async) return result('queued');
    limit.startClock();
    let isFull = true;
    for (const first of pools.values()) {
      const filled = await fillOne(services, request, first, limit, report, (pool) => {
        pools.set(pool.cluster, pool);
        reportFilled({ ...pool, to: request.to });
      });
      if (filled === 'running') return result('running');
      isFull &&= filled;
    }
    return result(isFull ? 'full' : 'not-full');
  });
}

/** @returns whether it is full, or `running` when the time to wait was over */
async function fillOne(
  { fleet, couch }: { readonly fleet: KeyedFleet; readonly couch: Couch },
  request: FillRequest,
  first: FilledPool,
  limit: WaitLimit,
  report: JobReporter,
  tell: (pool: FilledPool) => void,
): Promise<boolean | 'running'> {
  const { cluster } = first;
  let { jobId } = first;
  for (;;) {
    const followed = await followJob(fleet, jobId, limit, report);
    if (followed.state === 'running') return 'running';
    const ready = await readyOn(couch, cluster);
    tell({ cluster, jobId, ready });
    if (ready >= request.to) return true;
    if (followed.outcome === 'unfilled' && !(await othersWait(fleet))) return false;
    try {
      await pause(AGAIN_MS, limit.signal);
    } catch (error) {
      if (limit.endedBy !== undefined) return 'running';
      throw error;
    }
    jobId = await queueFilling(fleet, request, cluster);
  }
}

/** A job that fills it already is as good. */
async function queueFilling(
  fleet: KeyedFleet,
  { to, author }: FillRequest,
  cluster: number,
): Promise<string> {
  const work = { kind: 'fill-pool', cluster, to, anytime: true } as const;
  const answer = await enqueueJob(fleet, { work, tries: 1, author });
  if (answer.state === 'busy' && answer.kind !== 'fill-pool') throw busy(answer);
  return answer.jobId;
}

async function readyOn({ global }: Couch, cluster: number): Promise<number> {
  const { items } = await createPoolStore(global).list();
  return countItems(items.filter((item) => item.cluster === cluster)).ready;
}

/** What is said of a pool that nobody could fill. */
export function notFull({ pools }: FillResult): FleetError {
  const which = pools.map(({ cluster, ready }) => `cluster ${cluster}: ${ready}`).join(', ');
  return new FleetError(
    'pool_item',
    `the pool is not full (${which}), and its jobs make nothing more`,
    'See whether the workers have the same fleet.pool, and what their log says.',
  );
}
