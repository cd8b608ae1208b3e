import { refuseUnfinished } from '../../instances/change/existing-instance.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { refuseOtherStorage } from '../instance/refusals.ts';

/** @throws Refusal `provisioning`, `deleting`, `swift`, `other_storage` for an instance on which nothing can be installed */
export function refuseUninstallable(instance: StoredInstance): void {
  refuseUnfinished(instance);
  refuseOtherStorage(instance, 'where applications cannot be installed yet', 'Install them with its stack.');
}
