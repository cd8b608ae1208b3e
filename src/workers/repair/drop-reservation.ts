import { Refusal } from '../../instances/errors.ts';
import { incarnationOf } from '../../instances/incarnation.ts';
import { INSTANCES, type StoredInstance } from '../../instances/lookup.ts';
import { reservationId } from '../../instances/prefix.ts';
import type { Attempt } from '../attempt.ts';
import { deleteDatabases } from '../destroy/databases.ts';

/**
 * Removes what a creation that nobody goes on with has left. Nobody ever used it, so there is nobody to tell.
 * The document goes last: whatever happens before, another run finds the way again.
 * @throws Refusal `foreign_files`, LostLock, CouchError, StorageError
 */
export async function dropReservation(
  { services, signal, lease }: Pick<Attempt, 'services' | 'signal' | 'lease'>,
  instance: StoredInstance,
): Promise<void> {
  const { _id, _rev, domain, cli_secret: secret } = instance;
  await deleteDatabases({ services, signal, lease, instance });
  lease.assertHeld();
  const tag = `${reservationId(domain)}-${incarnationOf(secret ?? '')}`;
  if ((await services.storage.removeInstance(domain, tag)) === 'foreign') {
    throw new Refusal(
      'foreign_files',
      `the directory of ${domain} is not one of an instance; it was left alone`,
    );
  }
  lease.assertHeld();
  await services.global.deleteDocument(INSTANCES, _id, _rev, signal);
}
