import { isBeingMoved, type StoredInstance } from '../../instances/documents/instance-document.ts';
import { otherStorage } from '../../instances/documents/other-storage.ts';
import { Refusal } from '../../instances/errors.ts';
import { refusePlatform } from '../../instances/lookup/sharing.ts';

/** @throws Refusal `deleting` */
export function refuseDeleting({ deleting, domain }: StoredInstance): void {
  if (deleting === true) throw new Refusal('deleting', `${domain} is being deleted`);
}

/** @throws Refusal `deleting`, `moving`, `swift`, `other_storage`, `shared_prefix` for an instance of which we cannot tell what is missing */
export function refuseUnfit(instance: StoredInstance): void {
  refuseDeleting(instance);
  refusePlatform(instance);
  if (isBeingMoved(instance)) {
    throw new Refusal(
      'moving',
      `${instance.domain} is being imported or moved by its stack (${instance.blocking_reason}); nothing was repaired`,
      'Repair it when that has ended.',
    );
  }
  const elsewhere = otherStorage(instance);
  if (elsewhere !== undefined) {
    throw new Refusal(
      elsewhere.code,
      `the files of ${instance.domain} are in ${elsewhere.name}, where nothing can be repaired yet`,
      'See what fsck finds in its databases, and repair it with its stack.',
    );
  }
}
