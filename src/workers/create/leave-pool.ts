import { CouchError, isStatus } from '../../couchdb/errors.ts';
import { isPoolPrefix } from '../../instances/databases/pool-prefix.ts';
import { databasePrefix } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import { findIdsByNames, INSTANCES, readInstance } from '../../instances/lookup/lookup.ts';
import { isKnownAlone } from '../../instances/lookup/name-census.ts';
import { createPoolStore } from '../../instances/pool/pool-store.ts';
import { isClaimedBy } from './claim-item.ts';
import { type CreateContext, instanceOf } from './context.ts';
import { databasesLeft } from './databases-left.ts';

/**
 * Looks once more whether the names of an instance from the pool are its own, now that it is in use, and before anybody is told of it.
 * Where prefixes follow from domains, a stack that makes the same domain fails at its first database. With a prefix of
 * the pool it succeeds, and would share the directory. A stack makes databases before its document, and those tell of it too.
 *
 * @param isJustWritten whether this very attempt has put the instance into use: it is taken back then, unless somebody has changed it
 * @throws Refusal `second_owner`
 */
export async function assertStillAlone(context: CreateContext, isJustWritten: boolean): Promise<void> {
  const instance = instanceOf(context);
  if (!isPoolPrefix(databasePrefix(instance))) return;
  const other = await secondOwner(context, instance);
  if (other === undefined) return;
  const isGone = isJustWritten && (await takeBack(context, instance));
  throw new Refusal(
    'second_owner',
    `${other} took a name of ${instance.domain} while it was being made`,
    isGone
      ? 'Nothing of the other was touched. Submit it again with other names if it is still wanted.'
      : `Both are there, and a stack serves the one whose document has the lower id. Nothing was touched: see cozy-fleet instances fsck ${instance.domain}.`,
  );
}

/**
 * Takes the item of an instance that is in use by now from the books of the pool, the last that is done for it: should
 * this worker die before, whoever sweeps the pool finds the instance, and does it. So the job is given back once it is done, and
 * its end recorded meanwhile.
 */
export function leavePool(context: CreateContext): void {
  const instance = instanceOf(context);
  if (isPoolPrefix(databasePrefix(instance))) context.besideEnd(forgetItem(context, instance));
}

/** Who else has one of the names by now, in words. */
async function secondOwner(context: CreateContext, instance: StoredInstance): Promise<string | undefined> {
  const { services, signal } = context;
  const [ids, databases] = await Promise.all([idsOfNames(context, instance), databasesLeft(context)]);
  for (const id of ids) {
    const other = id === instance._id ? undefined : await readInstance(services.global, id, signal);
    if (other !== undefined) return `another instance, ${other.domain} (document ${id}),`;
  }
  const [first] = databases;
  return first === undefined ? undefined : `somebody who made the database ${first}`;
}

/**
 * Documents that could have one of the names. The view of names would have to be brought up to date first, after the very write
 * that this comes after: the changes tell as much, and where they tell of another, or less than was written, the view is asked.
 */
async function idsOfNames(
  { options, services, signal }: CreateContext,
  instance: StoredInstance,
): Promise<string[]> {
  const names = [options.domain, ...options.aliases];
  const owners = await services.prefixIndex.refresh(signal);
  if (isKnownAlone(owners, instance, names)) return [instance._id];
  return await findIdsByNames(services.global, names, signal);
}

/** Nobody was told of the instance yet: as long as its document is what was written, nobody has registered. */
async function takeBack(context: CreateContext, { _id, _rev }: StoredInstance): Promise<boolean> {
  const { services, lease, signal } = context;
  try {
    await services.global.deleteDocument(INSTANCES, _id, _rev, signal, () => lease.assertHeld());
    return true;
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
    return false;
  }
}

async function forgetItem(context: CreateContext, instance: StoredInstance): Promise<void> {
  const { services, signal } = context;
  const prefix = databasePrefix(instance);
  if (context.namedPrefix() !== prefix) return;
  const store = createPoolStore(services.global);
  try {
    const known = context.item === 'none' ? undefined : context.item;
    const item = known ?? (await store.get(prefix, signal));
    if (item !== undefined && isClaimedBy(context, item)) await store.forget(item, signal);
  } catch (error) {
    // The instance is in use: nobody shall wait, or be told of a failure, for what the sweep does as well.
    if (!(error instanceof CouchError)) throw error;
    services.log.warn('item of the pool left to the sweep', { error });
  }
}
