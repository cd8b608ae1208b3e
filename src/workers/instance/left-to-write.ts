import { comparedInInstance, comparedInSettings, differing } from '../../instances/change/compare-fields.ts';
import { type ExistingInstance, readSettings } from '../../instances/change/existing-instance.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { SETTINGS_ID } from '../../instances/documents/settings-document.ts';
import type { InstanceChanges } from '../../instances/options/changes.ts';

/**
 * Whether anything is not yet as a change wants it. Settings are read only where the change has some, and the document is as
 * it is wanted already.
 * @throws CouchError
 */
export async function isLeftToWrite(
  existing: Pick<ExistingInstance, 'cluster' | 'signal'>,
  instance: StoredInstance,
  changes: InstanceChanges,
): Promise<boolean> {
  if (differing(comparedInInstance(instance, changes)).length > 0) return true;
  if (changes.settings === undefined) return false;
  const settings = await readSettings(existing, instance, SETTINGS_ID);
  return differing(comparedInSettings(settings, changes)).length > 0;
}
