import { Refusal } from '../../instances/errors.ts';
import { refuseUnfinished } from '../../instances/existing-instance.ts';
import type { StoredInstance } from '../../instances/lookup.ts';

/** @throws Refusal `provisioning`, `deleting`, `swift` for an instance on which nothing can be installed */
export function refuseUnfit(instance: StoredInstance): void {
  refuseUnfinished(instance);
  if (instance.swift_cluster) {
    throw new Refusal(
      'swift',
      `the files of ${instance.domain} are in Swift, where applications cannot be installed yet`,
      'Install them with its stack.',
    );
  }
}
