import { DATABASES } from '../../instances/databases/databases.ts';
import { missingDatabases } from '../../instances/databases/missing-databases.ts';
import type { PoolItem } from '../../instances/pool/pool-item.ts';
import { settleAll } from '../../settle-all.ts';
import type { Pool } from '../pool/pool.ts';
import type { CreateContext } from './context.ts';

/** Items that one creation throws away at the most: where more have lost something, a pool is of no use just now. */
const MOST_SPOILED = 5;

const DOCTYPES = DATABASES.map(({ doctype }) => doctype);

/**
 * An item of the pool that is ready on that cluster, with all its databases: one that has lost some, to whoever deletes what has
 * no owner, would fail its instance at the very end. Such a one is written to be removed, and the next one looked at. It is
 * named in the job's progress while it is looked at: a name alone binds nobody.
 *
 * @returns undefined where there is none; nobody has claimed it yet
 * @throws LostLock, CouchError
 */
export async function takeItem(
  context: CreateContext,
  pool: Pool,
  cluster: number,
): Promise<PoolItem | undefined> {
  const { isRow, signal } = context;
  const definitions = await pool.definitions(cluster, signal);
  const wanted = { cluster, definitions, leave: isRow ? pool.settings.reserve : 0 };
  let spoiled = 0;
  while (spoiled < MOST_SPOILED) {
    const item = await pool.ready.take(wanted, signal);
    if (item === undefined) return undefined;
    const looking = isWhole(context, item);
    await settleAll<unknown>([looking, context.namePrefix(item.prefix)]);
    if (await looking) return item;
    if (await throwAway(context, pool, item)) spoiled += 1;
    // Somebody else has used it: what is known of the books is old.
    else pool.ready.lost();
  }
  return undefined;
}

/** Whether it has its databases; where that cannot be known, others may have it. */
export async function isWhole({ services, signal }: CreateContext, item: PoolItem): Promise<boolean> {
  try {
    const server = services.cluster(item.cluster);
    return (await missingDatabases(server, item.prefix, DOCTYPES, signal)).size === 0;
  } catch (error) {
    services.pool?.ready.giveBack(item);
    throw error;
  }
}

/**
 * From here on it is this fleet's, whose workers remove it.
 * @returns false where it was another one's by now, or gone
 */
async function throwAway(context: CreateContext, pool: Pool, item: PoolItem): Promise<boolean> {
  const { services, lease, signal } = context;
  await context.recorded();
  const change = { ...item, fleet: pool.fleet, state: 'removing' } as const;
  const moved = await pool.store.move(item, change, signal, () => lease.assertHeld());
  if (moved === undefined) return false;
  services.log.warn('pool item without all its databases is removed', { entry: item.prefix });
  return true;
}
