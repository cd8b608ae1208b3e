import { refuseUnfinished } from '../../instances/change/existing-instance.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { otherStorage } from '../../instances/documents/other-storage.ts';
import { Refusal } from '../../instances/errors.ts';

/** @throws Refusal `provisioning`, `deleting`, `swift`, `other_storage` for an instance on which nothing can be installed */
export function refuseUnfit(instance: StoredInstance): void {
  refuseUnfinished(instance);
  const elsewhere = otherStorage(instance);
  if (elsewhere !== undefined) {
    throw new Refusal(
      elsewhere.code,
      `the files of ${instance.domain} are in ${elsewhere.name}, where applications cannot be installed yet`,
      'Install them with its stack.',
    );
  }
}
