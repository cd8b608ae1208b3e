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
import { joinsOrganization, refuseIncompleteMember, refuseOtherBucket } from './refuse-unfit-member.ts';
import type { UpdateResult } from './update-document.ts';

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
 * Changes an instance beside other programs that do: its document first, then its settings (`docs/cozy-data.md` §6.3); the
 * other way round where it becomes a member of an organization. Safe to repeat, and nothing is written where nothing
 * changes. Names are not looked at: see `assertAliasesFree`; services beside the stack are told by
 * `stack/modify-and-tell.ts`. Unlike a stack, it has no files uploaded again that sharings have waited with for a larger quota.
 *
 * @throws Refusal `provisioning`, `deleting`, `half_removed`, `superseded`, `incomplete`, `other_storage`, `member_incomplete`,
 * and what the guards throw
 */
export async function modifyInstance(modification: Modification): Promise<ModifyResult> {
  const { changes, guard, refuseUnmeant, refuseUnmeantSettings } = modification;
  const guarded: ExistingInstance = {
    ...modification,
    guard: (instance) => {
      refuseModify(instance, changes);
      refuseOtherBucket(instance, changes);
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
  if (changes.settings !== undefined || changes.orgId !== undefined || changes.orgDomain !== undefined) {
    const before = await readExisting(unwritten);
    const joins = joinsOrganization(before, changes);
    if (changes.settings !== undefined || joins) {
      await assertHasSettings(guarded, before);
    }
    if (joins || (changes.settings !== undefined && refuseUnmeantSettings !== undefined)) {
      const settings = await readSettings(guarded, before, SETTINGS_ID);
      refuseUnmeantSettings?.(settings);
      refuseIncompleteMember(before, settings, changes);
    }
    if (changes.settings !== undefined && joins) {
      // A member must never be seen without what its organization needs of it.
      const written = await writeSettings(unwritten, before);
      const { outcome, document } = await writeInstance();
      return resultOf(outcome, document, written);
    }
  }
  const { outcome, document: instance } = await writeInstance();
  return resultOf(
    outcome,
    instance,
    changes.settings === undefined ? undefined : await writeSettings(guarded, instance),
  );

  function writeInstance(): Promise<UpdateResult<StoredInstance>> {
    return updateInstance(
      unwritten,
      (now) => applyChanges(now, changes),
      async (now) => {
        if (changes.deleting === false && now.deleting === true) await assertHasDatabases(guarded, now);
      },
    );
  }

  async function writeSettings(
    existing: ExistingInstance,
    instance: StoredInstance,
  ): Promise<UpdateResult<CouchDocument>['outcome']> {
    const { outcome } = await updateSettings(existing, instance, SETTINGS_ID, (now) => {
      refuseUnmeantSettings?.(now);
      return applySettings(now, changes);
    });
    return outcome;
  }
}

function resultOf(
  outcome: ModifyResult['outcome'],
  instance: StoredInstance,
  settings: ModifyResult['outcome'] | undefined,
): ModifyResult {
  const hasNewSettings = settings === 'modified';
  return { outcome: hasNewSettings ? 'modified' : outcome, instance, hasNewSettings };
}

/**
 * Refuses an instance that is being made or deleted, unless it is the deletion that is taken back.
 * @throws Refusal `provisioning`, `deleting`
 */
function refuseModify(instance: InstanceDocument, { deleting }: InstanceChanges): void {
  refuseUnfinished(deleting === false ? { ...instance, deleting } : instance);
}
