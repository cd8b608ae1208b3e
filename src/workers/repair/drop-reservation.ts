import { Refusal } from '../../instances/errors.ts';
import { incarnationOf } from '../../instances/incarnation.ts';
import { INSTANCES, readInstance, type StoredInstance } from '../../instances/lookup.ts';
import { reservationId } from '../../instances/prefix.ts';
import { writtenInto } from '../../instances/written-into.ts';
import type { Attempt } from '../attempt.ts';
import { deleteDatabases } from '../destroy/databases.ts';
import { findSharing, foreignFiles, refuseUnremovable } from '../destroy/removable.ts';
import { superseded } from '../seen-instance.ts';

/**
 * Removes what a creation that nobody goes on with has left. Nobody ever used it, so there is nobody to tell;
 * one into which somebody else has written is left, with a passphrase perhaps that its user has chosen.
 * The document goes last: whatever happens before, another run finds the way again.
 * @throws Refusal `written_into`, `foreign_files`, `superseded`, LostLock, CouchError, StorageError
 */
export async function dropReservation(
  { services, signal, lease }: Pick<Attempt, 'services' | 'signal' | 'lease'>,
  instance: StoredInstance,
): Promise<void> {
  const { _id, _rev } = instance;
  refuseWrittenInto(instance);
  // A stack may have made the same domain meanwhile: then databases and files are that instance's by now.
  if ((await findSharing(services, instance, signal)) === undefined) {
    await removeMade({ services, signal, lease }, instance);
  }
  lease.assertHeld();
  await services.global.deleteDocument(INSTANCES, _id, _rev, signal);
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
  const { domain, cli_secret: secret } = instance;
  await refuseUnremovable(services, instance, signal);
  // As it is by now: a message may have brought a passphrase, whose vault would go.
  const now = await readInstance(services.global, instance._id, signal);
  if (now === undefined || now.cli_secret !== secret) throw superseded(domain);
  refuseWrittenInto(now);
  await deleteDatabases({ services, signal, lease, instance });
  const tag = `${reservationId(domain)}-${incarnationOf(secret ?? '')}`;
  const guard = () => lease.assertHeld();
  if ((await services.storage.removeInstance(domain, tag, guard)) === 'foreign') {
    throw foreignFiles(services, domain);
  }
}
