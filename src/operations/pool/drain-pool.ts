import { createPrefixIndex } from '../../instances/lookup/prefix-index.ts';
import { clearItem } from '../../instances/pool/clear-item.ts';
import type { PoolItem } from '../../instances/pool/pool-item.ts';
import { createPoolStore, type PoolStore } from '../../instances/pool/pool-store.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { lateFor } from '../../jobs/queue/late-for.ts';
import type { Couch } from '../connect/couch.ts';

/** What became of the items. */
export interface DrainResult {
  /** Removed, with their databases. */
  readonly removed: number;
  /** Claimed meanwhile, or an instance's: left alone. */
  readonly left: number;
  /** On a cluster that is not in the configuration. */
  readonly unreachable: number;
  /** On their way out, until nothing can come any more that a dead worker has asked for. */
  readonly late: number;
}

/** Items that are to go; none of them goes yet. */
export interface PreparedDrain {
  /** Those that nobody has, or that are on their way out. */
  readonly found: number;
  /** Those that jobs are at. */
  readonly kept: number;
  /**
   * Removes them one after the other. What is interrupted is ended by the workers.
   * @throws CouchError, or the signal's reason
   */
  run(signal: AbortSignal, onRemoved: (done: number) => void): Promise<DrainResult>;
}

export interface DrainServices {
  readonly couch: Couch;
  /** Where jobs are known. */
  readonly jobs: Pick<Fleet, 'redis' | 'keys'>;
  /** `fleet.prefix` */
  readonly fleet: string;
  /** How many clusters the configuration has. */
  readonly clusters: number;
}

/** Looks for items that may go: the ready ones of any fleet, and those of this one that are on their way out. */
export async function prepareDrain(
  { couch, jobs, fleet, clusters }: DrainServices,
  cluster: number | undefined,
  signal?: AbortSignal,
): Promise<PreparedDrain> {
  const store = createPoolStore(couch.global);
  const { items } = await store.list(signal);
  const meant = items.filter((item) => cluster === undefined || item.cluster === cluster);
  const going = meant.filter(
    ({ state, fleet: whose }) => state === 'ready' || (state === 'removing' && whose === fleet),
  );
  return {
    found: going.length,
    kept: meant.length - going.length,
    async run(ends, onRemoved) {
      const prefixIndex = createPrefixIndex(couch.global);
      const result = { removed: 0, left: 0, unreachable: 0, late: 0 };
      for (const item of going) {
        ends.throwIfAborted();
        if (item.cluster >= clusters) {
          result.unreachable += 1;
          continue;
        }
        const removing = await takeOut(store, item, fleet, ends);
        const server = couch.cluster(item.cluster);
        const services = {
          ...{ store, global: couch.global, prefixIndex, server },
          lateFor: (jobId: string) => lateFor(jobs, jobId),
        };
        const became = removing && (await clearItem(services, removing, ends));
        if (became === 'cleared') result.removed += 1;
        else if (became === 'late') result.late += 1;
        else result.left += 1;
        onRemoved(result.removed);
      }
      return result;
    },
  };
}

/** @returns undefined where somebody else was faster */
async function takeOut(
  store: PoolStore,
  item: PoolItem,
  fleet: string,
  signal: AbortSignal,
): Promise<PoolItem | undefined> {
  if (item.state === 'removing') return item;
  // From here on it is this fleet's, whose workers end what is cut off here.
  return await store.move(item, { ...item, fleet, state: 'removing' }, signal);
}
