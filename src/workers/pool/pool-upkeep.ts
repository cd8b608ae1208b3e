import { POOL_STATES, type PoolItem } from '../../instances/pool/pool-item.ts';
import { createPoolStore, type PoolPage } from '../../instances/pool/pool-store.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { othersWait } from '../../jobs/queue/others-wait.ts';
import { type PoolLook, writePoolLook } from '../../jobs/queue/pool-hints.ts';
import { noteWanted } from '../../jobs/queue/wanted-items.ts';
import type { Services } from '../stage/services.ts';
import { keepPool } from './keep-pool.ts';
import { sweepPool } from './sweep-pool.ts';

/** Milliseconds between two looks. */
const INTERVAL_MS = 5_000;

/** How long one worker's look is enough for all, in milliseconds. */
const TURN_MS = 4_000;

/** Of how many looks one says what this worker makes items by: many times while that counts (`wanted-items.ts`). */
const LOOKS_A_WORD = 12;

/** Where there is no pool, only every so many looks: one may have been switched off while items were left. */
const WITHOUT_POOL = 60;

export interface PoolUpkeep {
  readonly fleet: KeyedFleet;
  /** `fleet.prefix` */
  readonly prefix: string;
  readonly services: Services;
  /** Indexes of the clusters open to creation. */
  readonly creationClusters: readonly number[];
  /** Whether this worker takes no work now. */
  isHeld(): boolean;
  /** Aborted when the worker stops. */
  readonly signal: AbortSignal;
}

/** Looks after the pool, in turn with the other workers, beside the jobs of this one. */
export function startPoolUpkeep(upkeep: PoolUpkeep): { stop(): void } {
  const { log, pool } = upkeep.services;
  /** What this worker makes items by, as far as it has read that: also of a cluster that is away. */
  const known = new Map<number, string>();
  let looks = 0;
  let isUnderWay = false;

  /** Not in turn: which worker looks is chance, and each may want other items. */
  async function sayWhatIsWanted(): Promise<void> {
    const { fleet, services, signal } = upkeep;
    try {
      for (const [cluster, definitions] of await definitionsHere(services, signal))
        known.set(cluster, definitions);
      for (const [cluster, definitions] of known) await noteWanted(fleet, cluster, definitions);
    } catch (error) {
      if (!signal.aborted) log.warn('pool', { error });
    }
  }

  async function look(): Promise<void> {
    looks += 1;
    // Also while no work is taken: others must not throw away meanwhile what this worker goes on with.
    if (pool !== undefined && looks % LOOKS_A_WORD === 1) void sayWhatIsWanted();
    if (isUnderWay || upkeep.isHeld() || (pool === undefined && looks % WITHOUT_POOL !== 0)) return;
    isUnderWay = true;
    try {
      await lookAfterPoolInTurn(upkeep);
    } catch (error) {
      if (!upkeep.signal.aborted) log.warn('pool', { error });
    } finally {
      isUnderWay = false;
    }
  }

  const timer = setInterval(() => void look(), INTERVAL_MS);
  return { stop: () => clearInterval(timer) };
}

/** What items are made by, of each cluster that can be worked with now. One that is away is no reason to leave the others. */
async function definitionsHere(
  { pool, clusters, openClusters, log }: Services,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, string>> {
  const definitions = new Map<number, string>();
  if (pool === undefined) return definitions;
  for (const cluster of openClusters()) {
    try {
      definitions.set(cluster, await pool.definitions(cluster, signal));
    } catch (error) {
      signal.throwIfAborted();
      log.warn('pool', { error, target: clusters[cluster]?.host });
    }
  }
  return definitions;
}

async function lookAfterPoolInTurn(upkeep: PoolUpkeep): Promise<void> {
  const { redis, keys } = upkeep.fleet;
  const mine = await redis.set(keys.poolTurn('look'), '1', 'PX', TURN_MS, 'NX');
  if (mine !== null) await lookAfterPool(upkeep);
}

/** Sweeps the pool, and has it filled where that is due. */
export async function lookAfterPool(upkeep: PoolUpkeep): Promise<void> {
  const { fleet, prefix, services, creationClusters, signal } = upkeep;
  const { pool, global, log } = services;
  const store = pool?.store ?? createPoolStore(global);
  const definitions = await definitionsHere(services, signal);
  const page = await store.list(signal);
  await writePoolLook(fleet, lookOf(page, definitions, creationClusters, pool !== undefined));
  const isOpen = new Set(creationClusters);
  // With the pool switched off what is ready is left to `pool drain`.
  const wanted = (cluster: number) =>
    pool === undefined ? undefined : isOpen.has(cluster) ? definitions.get(cluster) : null;
  const standAside = async () => upkeep.isHeld() || (await othersWait(fleet));
  await sweepPool({ services, store, fleet, prefix, wanted, signal, standAside }, page);
  if (pool !== undefined) await keepPool({ fleet, pool, definitions, log }, page);
}

function lookOf(
  { items, unreadable }: PoolPage,
  definitions: ReadonlyMap<number, string>,
  creationClusters: readonly number[],
  hasPool: boolean,
): PoolLook {
  const known = [...(hasPool ? creationClusters : []), ...items.map(({ cluster }) => cluster)];
  const clusters = [...new Set(known)].sort((one, other) => one - other);
  return {
    at: Date.now(),
    unreadable: unreadable.length,
    clusters: clusters.map((cluster) => ({
      cluster,
      definitions: definitions.get(cluster),
      items: countStates(items.filter((item) => item.cluster === cluster)),
    })),
  };
}

function countStates(items: readonly PoolItem[]): PoolLook['clusters'][number]['items'] {
  const counts = { filling: 0, ready: 0, claimed: 0, removing: 0 };
  for (const state of POOL_STATES) counts[state] = items.filter((item) => item.state === state).length;
  return counts;
}
