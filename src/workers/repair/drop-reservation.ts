import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isReservation, writtenInto } from '../../instances/documents/reservation.ts';
import { Refusal } from '../../instances/errors.ts';
import { refusalOf } from '../../instances/lookup/classify-document.ts';
import { INSTANCES, readInstance } from '../../instances/lookup/lookup.ts';
import { sharersOf } from '../../instances/lookup/prefix-index.ts';
import { refuseShared } from '../../instances/lookup/sharing.ts';
import { deleteDatabases } from '../instance/delete-databases.ts';
import { superseded } from '../instance/expected-instance.ts';
import { refuseUnremovable } from '../instance/refusals.ts';
import { removeFiles } from '../instance/remove-files.ts';
import type { Attempt } from '../stage/attempt.ts';

/**
 * Removes what an abandoned creation has left. It was never used, so no konnector or server has to be told; one into
 * which another program has written is left, perhaps with a passphrase that its owner has chosen.
 * The document goes last: whatever happens before, another run finds the way again.
 * @param willWrite told before anything is removed
 * @throws Refusal `written_into`, `foreign_files`, `superseded`, `unreadable`, LostLock, CouchError, StorageError
 */
export async function dropReservation(
  { services, signal, lease, outlastDead }: Pick<Attempt, 'services' | 'signal' | 'lease' | 'outlastDead'>,
  instance: StoredInstance,
  willWrite: () => Promise<void>,
): Promise<void> {
  await outlastDead();
  const { _id, _rev } = instance;
  refuseWrittenInto(instance);
  const { databases, directory } = sharersOf(await services.prefixIndex.refresh(signal), instance);
  const sharers = [...databases, ...directory];
  const unreadable = sharers.find((each) => each.unreadable !== undefined)?.unreadable;
  if (unreadable !== undefined) throw refusalOf(unreadable);
  await willWrite();
  // A stack may have made the same domain meanwhile: then databases and files are that instance's by now.
  const [sharer] = sharers;
  if (sharer === undefined) await removeMade({ services, signal, lease }, instance);
  else services.log.warn('databases and files are another document\u2019s', { document: sharer._id });
  await services.global.deleteDocument(INSTANCES, _id, _rev, signal, () => lease.assertHeld());
}

/** @throws Refusal `written_into` */
function refuseWrittenInto(instance: StoredInstance): void {
  const written = writtenInto(instance);
  if (written.length === 0) return;
  const { domain } = instance;
  throw new Refusal(
    'written_into',
    `somebody else has written ${written.join(', ')} into the reservation of ${domain}`,
    `It was left. Submit it again to finish it, or remove all of it: cozy-fleet instances destroy ${domain}.`,
  );
}

async function removeMade(
  { services, signal, lease }: Pick<Attempt, 'services' | 'signal' | 'lease'>,
  instance: StoredInstance,
): Promise<void> {
  await refuseUnremovable(services, instance, signal);
  const reserved = await stillReserved(services, instance, signal);
  await deleteDatabases({ services, signal, lease, instance: reserved });
  await stillReserved(services, instance, signal);
  await removeFiles({ services, signal, lease, instance });
}

/**
 * The reservation as it is by now, asked before each step that removes something: a message may have brought a
 * passphrase, whose vault would go, another creation may have finished it, and another document may have come to mean the same.
 * @throws Refusal `superseded`, `written_into`, `shared_prefix`, `shared_name`
 */
async function stillReserved(
  { global, prefixIndex }: Attempt['services'],
  instance: StoredInstance,
  signal: AbortSignal,
): Promise<StoredInstance> {
  const [now, owners] = await Promise.all([
    readInstance(global, instance._id, signal),
    prefixIndex.refresh(signal),
  ]);
  const isSame = now?.cli_secret === instance.cli_secret && now?.domain === instance.domain;
  if (now === undefined || !isSame || !isReservation(now)) throw superseded(instance.domain);
  refuseWrittenInto(now);
  refuseShared(owners, now);
  return now;
}
