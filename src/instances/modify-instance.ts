import { applyChanges, applySettings } from './apply-changes.ts';
import type { InstanceChanges } from './changes.ts';
import {
  assertHasSettings,
  type ExistingInstance,
  readExisting,
  refuseUnfinished,
  updateInstance,
  updateSettings,
} from './existing-instance.ts';
import type { InstanceDocument } from './instance-document.ts';
import type { StoredInstance } from './lookup.ts';
import { SETTINGS_ID } from './settings-document.ts';

export interface Modification extends ExistingInstance {
  readonly changes: InstanceChanges;
}

export interface Modified {
  readonly outcome: 'modified' | 'unchanged';
  /** As it is stored now. */
  readonly instance: StoredInstance;
}

/**
 * Changes an instance beside whoever else does: its document first, then its settings
 * (`instance-data.md` §6.3). Safe to repeat, and nothing is written where nothing changes. Names are not
 * looked at: see `assertAliasesFree`. Unlike a stack, it tells nobody: neither sharings of a larger quota,
 * nor a manager or a service of common settings.
 *
 * @throws Refusal `provisioning`, `deleting`, `superseded`, `incomplete`, and whatever the guard throws
 */
export async function modifyInstance(modification: Modification): Promise<Modified> {
  const { changes, guard } = modification;
  const guarded: Modification = {
    ...modification,
    guard: (instance) => {
      refuseModify(instance, changes);
      guard?.(instance);
    },
  };
  if (changes.settings !== undefined) await assertHasSettings(guarded, await readExisting(guarded));
  const { outcome, document: instance } = await updateInstance(guarded, (now) => applyChanges(now, changes));
  if (changes.settings === undefined) return { outcome, instance };
  const settings = await updateSettings(guarded, instance, SETTINGS_ID, (now) => applySettings(now, changes));
  return { outcome: settings.outcome === 'modified' ? 'modified' : outcome, instance };
}

/**
 * Refuses an instance that is being made or deleted, unless it is the deletion that is taken back.
 * @throws Refusal `provisioning`, `deleting`
 */
function refuseModify(instance: InstanceDocument, { deleting }: InstanceChanges): void {
  refuseUnfinished(deleting === false ? { ...instance, deleting } : instance);
}
