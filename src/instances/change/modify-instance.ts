import type { CouchDocument } from '../../couchdb/documents.ts';
import { applyChanges, applySettings } from '../documents/apply-changes.ts';
import type { InstanceDocument, StoredInstance } from '../documents/instance-document.ts';
import { SETTINGS_ID } from '../documents/settings-document.ts';
import type { InstanceChanges } from '../options/changes.ts';
import {
  assertHasDatabases,
  assertHasSettings,
  type ExistingInstance,
  readExisting,
  readSettings,
  refuseUnfinished,
  updateInstance,
  updateSettings,
} from './existing-instance.ts';

export interface Modification extends ExistingInstance {
  readonly changes: InstanceChanges;
  /**
   * Called like the guard, but only until its document is written: the change itself may make the instance one that
   * the operator's filter does not match any more.
   */
  readonly refuseUnmeant?: ((instance: StoredInstance) => void) | undefined;
  /** Called with the settings before anything is written, and again before they are; throws a Refusal to leave them alone. */
  readonly refuseUnmeantSettings?: ((settings: CouchDocument) => void) | undefined;
}

export interface ModifyResult {
  readonly outcome: 'modified' | 'unchanged';
  /** As it is stored now. */
  readonly instance: StoredInstance;
  /** Whether its settings were written. */
  readonly hasNewSettings: boolean;
}

/**
 * Changes an instance beside other programs that do: its document first, then its settings
 * (`docs/cozy-data.md` §6.3). Safe to repeat, and nothing is written where nothing changes. Names are not
 * looked at: see `assertAliasesFree`; services beside the stack are told by `stack/modify-and-tell.ts`. Unlike a stack,
 * it has no files uploaded again that sharings have waited with for a larger quota.
 *
 * @throws Refusal `provisioning`, `deleting`, `half_removed`, `superseded`, `incomplete`, and what the guards throw
 */
export async function modifyInstance(modification: Modification): Promise<ModifyResult> {
  const { changes, guard, refuseUnmeant, refuseUnmeantSettings } = modification;
  const guarded: ExistingInstance = {
    ...modification,
    guard: (instance) => {
      refuseModify(instance, changes);
      guard?.(instance);
    },
  };
  const unwritten: ExistingInstance = {
    ...guarded,
    guard: (instance) => {
      guarded.guard?.(instance);
      refuseUnmeant?.(instance);
    },
  };
  if (changes.settings !== undefined) {
    const before = await readExisting(unwritten);
    await assertHasSettings(guarded, before);
    refuseUnmeantSettings?.(await readSettings(guarded, before, SETTINGS_ID));
  }
  const { outcome, document: instance } = await updateInstance(
    unwritten,
    (now) => applyChanges(now, changes),
    async (now) => {
      if (changes.deleting === false && now.deleting === true) await assertHasDatabases(guarded, now);
    },
  );
  if (changes.settings === undefined) return { outcome, instance, hasNewSettings: false };
  const settings = await updateSettings(guarded, instance, SETTINGS_ID, (now) => {
    refuseUnmeantSettings?.(now);
    return applySettings(now, changes);
  });
  const hasNewSettings = settings.outcome === 'modified';
  return { outcome: hasNewSettings ? 'modified' : outcome, instance, hasNewSettings };
}

/**
 * Refuses an instance that is being made or deleted, unless it is the deletion that is taken back.
 * @throws Refusal `provisioning`, `deleting`
 */
function refuseModify(instance: InstanceDocument, { deleting }: InstanceChanges): void {
  refuseUnfinished(deleting === false ? { ...instance, deleting } : instance);
}
