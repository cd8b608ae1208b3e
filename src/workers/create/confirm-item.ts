import { PassingError } from '../../errors.ts';
import { isPoolPrefix } from '../../instances/databases/pool-prefix.ts';
import { databasePrefix } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import { INSTANCES } from '../../instances/lookup/lookup.ts';
import { LOOK_COUNTS_MS } from '../../instances/pool/clear-item.ts';
import type { PoolItem } from '../../instances/pool/pool-item.ts';
import { createPoolStore } from '../../instances/pool/pool-store.ts';
import { pause } from '../../pause.ts';
import { isClaimedBy } from './claim-item.ts';
import type { CreateContext } from './context.ts';
import { isMadeByToday } from './pool-item-of.ts';

/**
 * To be asked of a reservation with a prefix of the pool, once it is there, and before anything of an owner is written:
 * who sweeps the pool writes that an item goes, and then looks for documents; we have written ours, and look at the item. So
 * at least one of the two knows of the other. That the item is no more means that a sweep is over, and nobody else
 * has that prefix: what is missing of its databases is made then, once those are over as well that are late.
 *
 * @param isNew whether this attempt has just written it, so that nothing is in its databases
 * @throws PoolItemLost when it is to be tried again, Refusal `shared_prefix`
 */
export async function confirmItem(
  context: CreateContext,
  reservation: StoredInstance,
  isNew: boolean,
): Promise<void> {
  const { services, signal } = context;
  const prefix = databasePrefix(reservation);
  context.item = 'none';
  if (!isPoolPrefix(prefix)) return;
  const [item, owners] = await Promise.all([
    createPoolStore(services.global).get(prefix, signal),
    services.prefixIndex.refresh(signal),
  ]);
  const [sharer] = owners.ofPrefix(prefix, reservation._id);
  if (sharer === undefined && isForUs(context, item)) {
    if (item === undefined) await pause(LOOK_COUNTS_MS, signal);
    else if (await isMadeByToday(context, item)) context.item = item;
    return;
  }
  if (sharer === undefined && item?.state === 'removing') {
    throw new PoolItemLost(`the databases made beforehand for ${reservation.domain} are being removed`);
  }
  if (isNew) return await giveUp(context, reservation);
  throw new Refusal(
    'shared_prefix',
    `the databases of ${reservation.domain} (${prefix}) are also ${sharer === undefined ? 'an item of the pool' : `those of the document ${sharer._id}`}`,
    'Nothing more was touched. Find out whose they are, and remove the other by hand.',
  );
}

/** An item of another job for this domain was claimed in an earlier life of Redis. */
function isForUs(context: CreateContext, item: PoolItem | undefined): boolean {
  if (item === undefined || isClaimedBy(context, item)) return true;
  return item.state === 'claimed' && item.domain === context.options.domain;
}

/** The prefix is another's, although the books let us have it: nodes of CouchDB did not know of each other. */
async function giveUp(context: CreateContext, { _id, _rev, domain }: StoredInstance): Promise<never> {
  const { services, lease, signal } = context;
  await context.namePrefix(undefined);
  await services.global.deleteDocument(INSTANCES, _id, _rev, signal, () => lease.assertHeld());
  throw new PoolItemLost(`the databases made beforehand for ${domain} went to another instance`);
}

/** An item of the pool that this job named is not its own, or not any more. It is tried again. */
export class PoolItemLost extends PassingError {
  constructor(message: string) {
    super('pool_item_lost', message, 'It is tried again by itself. If it goes on: cozy-fleet pool ls.');
  }
}
