import { Refusal } from '../../instances/errors.ts';
import { isBeingMoved } from '../../instances/instance-document.ts';
import type { StoredInstance } from '../../instances/lookup.ts';

/** @throws Refusal `moving` for an instance of which nobody can tell what is missing */
export function refuseUnfit(instance: StoredInstance): void {
  if (isBeingMoved(instance)) {
    throw new Refusal(
      'moving',
      `${instance.domain} is being imported or moved by its stack (${instance.blocking_reason}); nothing was repaired`,
      'Repair it when that has ended.',
    );
  }
}
