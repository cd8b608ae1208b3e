import { databasePrefix } from '../../instances/databases/prefix.ts';
import type { PoolItem } from '../../instances/pool/pool-item.ts';
import { createPoolStore } from '../../instances/pool/pool-store.ts';
import { isClaimedBy } from './claim-item.ts';
import { type CreateContext, instanceOf } from './context.ts';

/**
 * The item of the pool that this job has claimed for its instance, if its databases are as they would be made today: who
 * filled it has seen each of them, and each design document, acknowledged. Looked for once an attempt, and only where an
 * attempt of this job has named the prefix.
 */
export async function poolItemOf(context: CreateContext): Promise<PoolItem | undefined> {
  context.item ??= (await look(context)) ?? 'none';
  return context.item === 'none' ? undefined : context.item;
}

/**
 * Relies on the item no more, where a look has found something missing: all that is missing is made as without one, be it by
 * a later attempt. The sweep takes the item from the books.
 * @throws LostLock
 */
export async function doubtItem<Finding>(
  context: CreateContext,
  findings: readonly Finding[],
): Promise<void> {
  if (findings.length === 0) return;
  context.item = 'none';
  if (context.namedPrefix() !== undefined) await context.namePrefix(undefined);
}

/** Whether an item of this job has what would be made today. */
export async function isMadeByToday(context: CreateContext, item: PoolItem): Promise<boolean> {
  const { pool } = context.services;
  if (pool === undefined || !isClaimedBy(context, item)) return false;
  return item.definitions === (await pool.definitions(item.cluster, context.signal));
}

async function look(context: CreateContext): Promise<PoolItem | undefined> {
  const { services, signal } = context;
  const { couch_cluster: cluster = 0, ...instance } = instanceOf(context);
  const prefix = databasePrefix(instance);
  if (context.namedPrefix() !== prefix) return undefined;
  const item = await createPoolStore(services.global).get(prefix, signal);
  if (item === undefined || item.cluster !== cluster) return undefined;
  return (await isMadeByToday(context, item)) ? item : undefined;
}
