import type { PoolItem } from '../../instances/pool/pool-item.ts';
import type { PoolPage } from '../../instances/pool/pool-store.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { poolName } from '../../jobs/kinds/fill-pool.ts';
import { enqueueJob } from '../../jobs/queue/enqueue.ts';
import { liveHolder } from '../../jobs/queue/live-holder.ts';
import { othersWait } from '../../jobs/queue/others-wait.ts';
import { type LastFilling, readLastFilling, writeLastFilling } from '../../jobs/queue/pool-hints.ts';
import { endedOrGone } from '../../jobs/queue/read-job.ts';
import { wantedItems } from '../../jobs/queue/wanted-items.ts';
import type { Log } from '../../logger.ts';
import type { Pool } from './pool.ts';
import { type PoolFacts, wantsFilling } from './wants-filling.ts';

/** What keeps the pool filled. */
export interface KeepServices {
  readonly fleet: KeyedFleet;
  readonly pool: Pool;
  /** What items are to be made by, of each cluster that can be worked with now. */
  readonly definitions: ReadonlyMap<number, string>;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Queues a job for each cluster whose pool is to be filled now. @returns the ids of those that were queued */
export async function keepPool(
  { fleet, pool, definitions, log, now = Date.now }: KeepServices,
  { items }: PoolPage,
): Promise<string[]> {
  const { settings } = pool;
  const isBusy = await othersWait(fleet);
  const isWanted = wantedItems(fleet);
  const queued: string[] = [];
  for (const [cluster, digest] of definitions) {
    const ofCluster = items.filter((item) => item.cluster === cluster && item.state !== 'claimed');
    const useful = ofCluster.filter(
      ({ state, definitions: madeBy }) => state !== 'removing' && madeBy === digest,
    ).length;
    const last = await readLastFilling(fleet, cluster);
    const lastIs = await stateOf(fleet, cluster, last);
    const useless = await countUseless(ofCluster, digest, isWanted);
    const at = now();
    const { queue, rising, failures } = wantsFilling({
      ...{ settings, useful, useless, isBusy, last, lastIs },
      now: at,
    });
    if (queue) {
      const work = { kind: 'fill-pool', cluster, to: settings.size, anytime: false } as const;
      const answer = await enqueueJob(fleet, { work, tries: 1 });
      if (answer.state !== 'queued') continue;
      queued.push(answer.jobId);
      await writeLastFilling(fleet, cluster, { jobId: answer.jobId, failures, at, rising });
      log.debug('pool to be filled', { job: answer.jobId, total: settings.size - useful });
    } else if (last?.rising && !rising) {
      await writeLastFilling(fleet, cluster, { ...last, rising });
    }
  }
  return queued;
}

/** Items on their way out, and those of definitions that no worker of this fleet wants. */
async function countUseless(
  items: readonly PoolItem[],
  digest: string,
  isWanted: (cluster: number, definitions: string) => Promise<boolean>,
): Promise<number> {
  let count = 0;
  for (const { state, cluster, definitions } of items) {
    if (state === 'removing') count += 1;
    else if (definitions !== digest && !(await isWanted(cluster, definitions))) count += 1;
  }
  return count;
}

/** Whoever fills it, that is enough; of the keeper's own last job it counts whether it failed. */
async function stateOf(
  fleet: KeyedFleet,
  cluster: number,
  last: LastFilling | undefined,
): Promise<PoolFacts['lastIs']> {
  if ((await liveHolder(fleet, poolName(cluster))) !== undefined) return 'live';
  if (last === undefined) return 'over';
  const [isOver] = await endedOrGone(fleet, [last.jobId]);
  if (isOver === false) return 'live';
  const { redis, keys } = fleet;
  return (await redis.zscore(keys.bull('failed'), last.jobId)) === null ? 'over' : 'failed';
}
