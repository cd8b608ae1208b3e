import type { StoredInstance } from '../documents/instance-document.ts';
import { isBeingMoved } from '../documents/instance-state.ts';
import { beingDeleted, Refusal } from '../errors.ts';
import { refuseOtherStorage } from '../lookup/refuse-other-storage.ts';
import { refusePlatform } from '../lookup/sharing.ts';

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

/** Of a creation that has not ended well, where the repair is not to drop it. */
export function onlyReserved(domain: string): Refusal {
  return new Refusal(
    'not_repaired',
    `${domain} is only reserved, by a creation that has not ended well`,
    `Try that again (cozy-fleet jobs retry ${domain}), submit it again, or drop it: --drop-reservations.`,
  );
}
