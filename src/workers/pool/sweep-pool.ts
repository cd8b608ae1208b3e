import { toError } from '../../errors.ts';
import { clearItem, isMeant } from '../../instances/pool/clear-item.ts';
import type { PoolItem } from '../../instances/pool/pool-item.ts';
import type { PoolPage, PoolStore } from '../../instances/pool/pool-store.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { lateFor } from '../../jobs/queue/late-for.ts';
import { endedOrGone } from '../../jobs/queue/read-job.ts';
import { wantedItems } from '../../jobs/queue/wanted-items.ts';
import type { Services } from '../stage/services.ts';
import { judgeItem } from './judge-item.ts';

/** What the pool is swept with. */
export interface SweepServices {
  readonly services: Pick<Services, 'global' | 'clusters' | 'prefixIndex' | 'log'>;
  readonly store: PoolStore;
  readonly fleet: Pick<Fleet, 'redis' | 'keys'>;
  /** `fleet.prefix` */
  readonly prefix: string;
  /** What an item of that cluster has to be made by for this worker; null = none is to be there; undefined = not known. */
  wanted(cluster: number): string | null | undefined;
  readonly signal: AbortSignal;
  /** Whether to leave off, for others wait. */
  standAside(): Promise<boolean>;
}

/** What a sweep has done. */
export interface Swept {
  /** Items that became `removing`. */
  removing: number;
  /** Items that are in the books no more. */
  gone: number;
}

/** Jobs that are asked for at a time. */
const PAGE = 500;

/**
 * Puts right what jobs that are over have left, and removes what is of no use (`docs/pool.md`). Whether a job lives is asked
 * after the items were read: what it did since makes its item another one, and nothing is done to that.
 *
 * @param page the items, as they were read
 * @throws what went wrong with an item first, once all others were looked at
 */
export async function sweepPool(sweep: SweepServices, { items }: PoolPage): Promise<Swept> {
  const { fleet, prefix, services, wanted, signal } = sweep;
  const own = items.filter((item) => item.fleet === prefix);
  const swept: Swept = { removing: 0, gone: 0 };
  const isWanted = wantedItems(fleet);
  async function isOfUse({ cluster, definitions }: PoolItem): Promise<boolean | undefined> {
    const ours = wanted(cluster);
    if (ours === undefined) return undefined;
    if (ours === definitions) return true;
    return await isWanted(cluster, definitions);
  }
  let failure: Error | undefined;
  for (let at = 0; at < own.length; at += PAGE) {
    const some = own.slice(at, at + PAGE);
    const over = await endedOrGone(
      fleet,
      some.map(({ job }) => job),
    );
    for (const [index, item] of some.entries()) {
      signal.throwIfAborted();
      const verdict = await judgeItem({
        item,
        fleet: prefix,
        isLive: over[index] === false,
        isOfUse: await isOfUse(item),
        isMeant: () => isMeant(services, item, signal),
      });
      if (verdict === 'keep') continue;
      // Nobody waits for it either.
      if (await sweep.standAside()) return swept;
      try {
        await apply(sweep, item, verdict, swept);
      } catch (thrown) {
        signal.throwIfAborted();
        failure ??= toError(thrown);
      }
    }
  }
  if (failure !== undefined) throw failure;
  return swept;
}

async function apply(
  sweep: SweepServices,
  item: PoolItem,
  verdict: 'remove' | 'forget' | 'clear',
  swept: Swept,
): Promise<void> {
  const { store, signal } = sweep;
  switch (verdict) {
    case 'forget':
      if (await store.forget(item, signal)) swept.gone += 1;
      return;
    case 'remove': {
      const removing = await store.move(item, { ...item, state: 'removing' }, signal);
      if (removing === undefined) return;
      swept.removing += 1;
      await clear(sweep, removing, swept);
      return;
    }
    case 'clear':
      await clear(sweep, item, swept);
  }
}

async function clear(
  { services, store, fleet, signal }: SweepServices,
  item: PoolItem,
  swept: Swept,
): Promise<void> {
  // Without its cluster in the configuration its databases are out of reach.
  const server = services.clusters[item.cluster];
  if (server === undefined) return;
  const { global, prefixIndex, log } = services;
  const clearing = { store, global, prefixIndex, server, lateFor: (jobId: string) => lateFor(fleet, jobId) };
  const became = await clearItem(clearing, item, signal);
  if (became === 'changed' || became === 'late') return;
  swept.gone += 1;
  if (became === 'meant')
    log.info('pool item kept for its instance', { entry: item.prefix, domain: item.domain });
}
