import type { Config, PoolConfig } from '../../config/config.ts';
import type { PoolItem } from '../../instances/pool/pool-item.ts';
import { createPoolStore } from '../../instances/pool/pool-store.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { poolName } from '../../jobs/kinds/fill-pool.ts';
import { readFailureText } from '../../jobs/queue/ending.ts';
import { liveHolder } from '../../jobs/queue/live-holder.ts';
import { readLastFilling } from '../../jobs/queue/pool-hints.ts';
import { readJob } from '../../jobs/queue/read-job.ts';
import type { Couch } from '../connect/couch.ts';

/** The pool of one cluster. */
export interface ClusterPool {
  readonly cluster: number;
  /** Its host and port; absent for one that is not in the configuration. */
  readonly host?: string;
  /** Whether new instances are made there, so that it is filled. */
  readonly open: boolean;
  readonly ready: number;
  readonly filling: number;
  readonly claimed: number;
  readonly removing: number;
  /** The job that fills it now. */
  readonly job?: string;
  /** Why the last one has failed. */
  readonly failure?: string;
}

/** The pool as a whole; items only where they were asked for. */
export interface PoolOverview extends PoolConfig {
  readonly clusters: readonly ClusterPool[];
  /** Ids of documents of the books that are none of ours: nothing is done about them. */
  readonly unreadable: readonly string[];
  readonly items?: readonly PoolItem[];
}

export interface PoolServices {
  readonly config: Config;
  readonly couch: Couch;
  readonly fleet: Fleet;
}

/** Counts the items of each cluster of the configuration, and of others that have some. */
export async function listPool(
  { config, couch, fleet }: PoolServices,
  withItems: boolean,
): Promise<PoolOverview> {
  const { items, unreadable } = await createPoolStore(couch.global).list();
  const configured = config.couchdb.clusters.map((_, index) => index);
  const known = [...new Set([...configured, ...items.map(({ cluster }) => cluster)])].sort((a, b) => a - b);
  const clusters = await Promise.all(
    known.map(async (cluster): Promise<ClusterPool> => {
      const { url, creation = false } = config.couchdb.clusters[cluster] ?? {};
      const ofCluster = items.filter((item) => item.cluster === cluster);
      return {
        cluster,
        ...(url !== undefined && { host: new URL(url).host }),
        open: creation,
        ...countItems(ofCluster),
        ...(await workOn(fleet, cluster)),
      };
    }),
  );
  return { ...config.fleet.pool, clusters, unreadable, ...(withItems && { items }) };
}

/** How many items are at what. */
export function countItems(
  items: readonly PoolItem[],
): Pick<ClusterPool, 'ready' | 'filling' | 'claimed' | 'removing'> {
  const counts = { ready: 0, filling: 0, claimed: 0, removing: 0 };
  for (const { state } of items) counts[state] += 1;
  return counts;
}

async function workOn(fleet: Fleet, cluster: number): Promise<Pick<ClusterPool, 'job' | 'failure'>> {
  const holder = await liveHolder(fleet, poolName(cluster));
  if (holder !== undefined) return { job: holder.jobId };
  const last = await readLastFilling(fleet, cluster);
  const job = last && (await readJob(fleet.queue, last.jobId));
  if (job === undefined || job === 'unreadable' || !(await job.isFailed())) return {};
  const { code, message } = readFailureText(job.failedReason ?? '');
  return { failure: `${code}: ${message}` };
}
