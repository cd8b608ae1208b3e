import type { CouchDocument } from '../../couchdb/documents.ts';
import {
  comparedInInstance,
  comparedInSettings,
  type FieldChange,
  fieldsChangedSince,
} from '../../instances/change/compare-fields.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { changedSincePlan } from '../../instances/lookup/changed-since-plan.ts';
import type { ModifyPayload } from '../../jobs/kinds/modify.ts';

/** Looks, right before something is written, whether the instance still is what its plan compared. */
export interface SinceCheck {
  /** @throws Refusal `changed_since` */
  instance(now: StoredInstance): void;
  /** @throws Refusal `changed_since` */
  settings(now: CouchDocument): void;
}

/**
 * The check of one attempt. What the job itself wrote must not stand in its way: only the first look, before it has
 * written anything, takes nothing but what was there when the plan was made.
 * @param begun whether an earlier attempt may have written something
 */
export function createSinceCheck(
  { domain, before, changes }: Pick<ModifyPayload, 'domain' | 'before' | 'changes'>,
  begun: boolean,
): SinceCheck {
  const looked = { instance: begun, settings: begun };
  function refuse(part: keyof typeof looked, fields: readonly FieldChange[]): void {
    if (before === undefined) return;
    const changed = fieldsChangedSince(before, fields, looked[part]);
    if (changed.length > 0) throw changedSincePlan(domain, changed);
    looked[part] = true;
  }
  return {
    instance: (now) => refuse('instance', comparedInInstance(now, changes)),
    settings: (now) => refuse('settings', comparedInSettings(now, changes)),
  };
}
