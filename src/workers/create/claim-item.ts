import type { PoolItem } from '../../instances/pool/pool-item.ts';
import { createPoolStore } from '../../instances/pool/pool-store.ts';
import type { Pool } from '../pool/pool.ts';
import { chooseCluster } from './choose-cluster.ts';
import type { CreateContext } from './context.ts';
import { isWhole, takeItem } from './take-item.ts';

/** Where a new instance gets its databases. */
export interface ClaimedPlace {
  readonly cluster: number;
  /** This job's; undefined where the databases have to be made. */
  readonly item: PoolItem | undefined;
}

/** An item that this process has given to a job, before it was known whether the job needs one; nobody has claimed it. */
export interface AheadPlace {
  readonly cluster: number;
  readonly item: PoolItem;
  isUsed: boolean;
}

/**
 * Chooses an item and names it in the job's progress, while it is looked whether the instance can be made at all: to claim it
 * is all that is left then. A name alone binds nobody: where the job does not get so far, others are given the item.
 *
 * @returns undefined where an attempt has named one already, or there is none
 * @throws LostLock
 */
export async function chooseAhead(context: CreateContext): Promise<AheadPlace | undefined> {
  const { pool } = context.services;
  if (pool === undefined || context.namedPrefix() !== undefined) return undefined;
  try {
    // Whatever fails here is tried once more where it is needed, and fails there.
    const cluster = chooseCluster(context);
    const item = await takeItem(context, pool, cluster);
    return item && { cluster, item, isUsed: false };
  } catch {
    // Unless it is that the name could not be recorded: nothing is claimed then.
    await context.recorded();
    return undefined;
  }
}

/** Lets others have what was chosen, unless it was claimed, or tried to be. */
export async function giveBack(
  { services }: CreateContext,
  choosing: Promise<AheadPlace | undefined>,
): Promise<void> {
  const place = await choosing.catch(() => undefined);
  if (place !== undefined && !place.isUsed) services.pool?.ready.giveBack(place.item);
}

/**
 * Takes an item of the pool for a new instance, where there is one on the cluster that it gets: the one that an earlier attempt
 * has claimed, whatever the settings are by now, else the one that was chosen ahead, else another. Its prefix is in the job's
 * progress first: from then on it is this job's or nobody's, for a claimed item is never given back.
 *
 * @throws LostLock, FleetError `no_cluster`
 */
export async function claimItem(
  context: CreateContext,
  ahead: AheadPlace | undefined,
): Promise<ClaimedPlace> {
  const { services, signal } = context;
  const { pool } = services;
  if (pool !== undefined && ahead !== undefined) {
    ahead.isUsed = true;
    const claimed = await claim(context, pool, ahead.item);
    if (claimed !== undefined) return { cluster: claimed.cluster, item: claimed };
    pool.ready.lost();
    return { cluster: ahead.cluster, item: await claimAnother(context, pool, ahead.cluster) };
  }
  const named = context.namedPrefix();
  if (named !== undefined) {
    const item = await createPoolStore(services.global).get(named, signal);
    const claimed = item && (await resume(context, item));
    if (claimed !== undefined) return { cluster: claimed.cluster, item: claimed };
  }
  const cluster = chooseCluster(context);
  return { cluster, item: pool && (await claimAnother(context, pool, cluster)) };
}

/** Whether the item is this job's, for its own instance. */
export function isClaimedBy({ jobId, options }: CreateContext, item: PoolItem): boolean {
  return item.state === 'claimed' && item.job === jobId && item.domain === options.domain;
}

/** @returns undefined where the item is not this job's, or of no use any more */
async function resume(context: CreateContext, item: PoolItem): Promise<PoolItem | undefined> {
  const { services, signal } = context;
  const { pool } = services;
  if (isClaimedBy(context, item)) {
    if (pool === undefined) return item;
    const wanted = await pool.definitions(item.cluster, signal);
    return item.definitions === wanted ? item : undefined;
  }
  // The last attempt stopped between the name and the claim.
  if (pool === undefined || item.state !== 'ready' || !isOpen(context, item.cluster)) return undefined;
  if (item.definitions !== (await pool.definitions(item.cluster, signal))) return undefined;
  if (!(await isWhole(context, item))) return undefined;
  return await claim(context, pool, item);
}

function isOpen({ options, services }: CreateContext, cluster: number): boolean {
  return options.couchCluster === undefined
    ? services.openClusters().includes(cluster)
    : options.couchCluster === cluster;
}

async function claimAnother(
  context: CreateContext,
  pool: Pool,
  cluster: number,
): Promise<PoolItem | undefined> {
  for (;;) {
    const item = await takeItem(context, pool, cluster);
    if (item === undefined) return undefined;
    const claimed = await claim(context, pool, item);
    if (claimed !== undefined) return claimed;
    pool.ready.lost();
  }
}

/** @returns undefined when somebody else was faster */
async function claim(context: CreateContext, pool: Pool, item: PoolItem): Promise<PoolItem | undefined> {
  const { jobId, options, lease, signal } = context;
  const { cluster, definitions } = item;
  return await pool.store.move(
    item,
    { state: 'claimed', cluster, definitions, fleet: pool.fleet, job: jobId, domain: options.domain },
    signal,
    () => lease.assertHeld(),
  );
}
