import { Refusal } from '../../instances/errors.ts';
import { isBeingMoved } from '../../instances/instance-document.ts';
import type { StoredInstance } from '../../instances/lookup.ts';

/** @throws Refusal `deleting` */
export function refuseDeleting({ deleting, domain }: StoredInstance): void {
  if (deleting === true) throw new Refusal('deleting', `${domain} is being deleted`);
}

/** @throws Refusal `deleting`, `moving`, `swift` for an instance of which we cannot tell what is missing */
export function refuseUnfit(instance: StoredInstance): void {
  refuseDeleting(instance);
  if (isBeingMoved(instance)) {
    throw new Refusal(
      'moving',
      `${instance.domain} is being imported or moved by its stack (${instance.blocking_reason}); nothing was repaired`,
      'Repair it when that has ended.',
    );
  }
  if (instance.swift_cluster) {
    throw new Refusal(
      'swift',
      `the files of ${instance.domain} are in Swift, where nothing can be repaired yet`,
      'See what fsck finds in its databases, and repair it with its stack.',
    );
  }
}
