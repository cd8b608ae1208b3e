import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isBeingMoved } from '../../instances/documents/instance-state.ts';
import { beingDeleted, Refusal } from '../../instances/errors.ts';
import { refusePlatform } from '../../instances/lookup/sharing.ts';
import { refuseOtherStorage } from '../instance/refusals.ts';

/** @throws Refusal `deleting` */
export function refuseDeleting({ deleting, domain }: StoredInstance): void {
  if (deleting === true) throw beingDeleted(domain);
}

/** @throws Refusal `deleting`, `moving`, `swift`, `other_storage`, `shared_prefix` for an instance of which we cannot tell what is missing */
export function refuseUnrepairable(instance: StoredInstance): void {
  refuseDeleting(instance);
  refusePlatform(instance);
  if (isBeingMoved(instance)) {
    throw new Refusal(
      'moving',
      `${instance.domain} is being imported or moved by its stack (${instance.blocking_reason}); nothing was repaired`,
      'Repair it when that has ended.',
    );
  }
  refuseOtherStorage(
    instance,
    'where nothing can be repaired yet',
    'See what fsck finds in its databases, and repair it with its stack.',
  );
}
