import { isDeepStrictEqual } from 'node:util';
import type { CouchDocument } from '../../couchdb/documents.ts';
import { applyChanges } from '../documents/apply-changes.ts';
import { optionFields } from '../documents/finished-document.ts';
import type { InstanceDocument, InstanceFields } from '../documents/instance-document.ts';
import type { InstanceChanges } from '../options/changes.ts';
import { type FlagsMap, flagText } from '../options/feature-flags.ts';
import type { InstanceOptions } from '../options/options.ts';
import { type FieldValue, type FieldValues, fieldValues } from '../options/strict-options.ts';

/** A field of an instance as it is, and as it is to be; null where it is absent. */
export interface FieldChange {
  /** As in the document of the instance; of its settings with `settings.` in front, of its flags with `feature_flags.`. */
  readonly field: string;
  readonly old: FieldValue;
  readonly new: FieldValue;
}

const SETTINGS_PREFIX = 'settings.';
const FLAGS_PREFIX = 'feature_flags.';

/** The fields that each change is about. */
const FIELDS_OF = {
  locale: ['locale'],
  uuid: ['uuid'],
  oidcId: ['oidc_id'],
  franceconnectId: ['franceconnect_id'],
  oldDomain: ['old_domain'],
  orgDomain: ['org_domain'],
  orgId: ['org_id'],
  context: ['context'],
  blocked: ['blocked', 'blocking_reason'],
  blockingReason: ['blocked', 'blocking_reason'],
  aliases: ['domain_aliases'],
  sponsorships: ['sponsorships'],
  featureSets: ['feature_sets'],
  // Each by itself: whoever sets another flag meanwhile stands in nobody's way.
  featureFlags: [],
  diskQuota: ['disk_quota'],
  authMode: ['auth_mode'],
  autoUpdate: ['no_auto_update'],
  magicLink: ['magic_link'],
  onboardingFinished: ['onboarding_finished'],
  tos: ['tos', 'tos_latest'],
  tosLatest: ['tos', 'tos_latest'],
  deleting: ['deleting'],
  settings: [],
} as const satisfies Record<keyof InstanceChanges, readonly (keyof InstanceFields)[]>;

function isChange(name: string): name is keyof typeof FIELDS_OF {
  return Object.hasOwn(FIELDS_OF, name);
}

/** The fields of the document that a change is about, by its name; none for what is no change of one. */
export function fieldsOfChange(name: string): readonly (keyof InstanceFields)[] {
  return isChange(name) ? FIELDS_OF[name] : [];
}

/** All fields that changes are about, those that stay as they are included. */
export function comparedFields(
  instance: InstanceDocument,
  settings: Readonly<Record<string, unknown>>,
  changes: InstanceChanges,
): FieldChange[] {
  return [...comparedInInstance(instance, changes), ...comparedInSettings(settings, changes)];
}

/** Those of the document of the instance. */
export function comparedInInstance(instance: InstanceDocument, changes: InstanceChanges): FieldChange[] {
  const after = applyChanges(instance, changes);
  const fields = new Set(Object.keys(changes).flatMap((name) => fieldsOfChange(name)));
  return [
    ...[...fields].map((field) => fieldChange(field, instance[field], after[field])),
    ...comparedFlags(instance, changes.featureFlags),
  ];
}

/** The instance's own flags. */
function comparedFlags(
  { feature_flags: flags }: Readonly<Record<string, unknown>>,
  wanted: FlagsMap = {},
): FieldChange[] {
  const now = typeof flags === 'object' && flags !== null ? { ...flags } : {};
  return Object.entries(wanted).map(([key, value]) => ({
    field: `${FLAGS_PREFIX}${key}`,
    old: flagText(ownValue(now, key)),
    new: flagText(value),
  }));
}

/** Those of its settings. */
export function comparedInSettings(
  settings: Readonly<Record<string, unknown>>,
  { settings: wanted = {} }: InstanceChanges,
): FieldChange[] {
  return Object.entries(wanted).map(([key, value]) =>
    fieldChange(`${SETTINGS_PREFIX}${key}`, ownValue(settings, key), value),
  );
}

/** What options for a new instance ask for, beside an instance that is there; a passphrase is never compared. */
export function optionsBeside(
  options: InstanceOptions,
  instance: Readonly<Record<string, unknown>>,
  settings: Readonly<Record<string, unknown>>,
): FieldChange[] {
  const { feature_flags: _, ...fields } = optionFields(options);
  return [
    ...Object.entries(fields).map(([field, value]) => fieldChange(field, ownValue(instance, field), value)),
    ...comparedFlags(instance, options.featureFlags),
    ...comparedInSettings(settings, { settings: options.settings }),
  ];
}

/** Those that are to be otherwise. */
export function differing(fields: readonly FieldChange[]): FieldChange[] {
  return fields.filter((each) => !isDeepStrictEqual(each.old, each.new));
}

/** The values that fields have, by their names. */
export function oldValues(fields: readonly FieldChange[]): FieldValues {
  return Object.fromEntries(fields.map(({ field, old }) => [field, old]));
}

/**
 * Names of the fields that are not any more what they were.
 * @param before what they were; fields that are not in it are not looked at
 * @param orNew whether what they are to become is as good: an earlier try may have written it
 */
export function fieldsChangedSince(
  before: FieldValues,
  now: readonly FieldChange[],
  orNew = false,
): string[] {
  return now
    .filter(
      (each) =>
        Object.hasOwn(before, each.field) &&
        !isDeepStrictEqual(each.old, before[each.field]) &&
        !(orNew && isDeepStrictEqual(each.old, each.new)),
    )
    .map(({ field }) => field);
}

function fieldChange(field: string, old: unknown, wanted: unknown): FieldChange {
  return { field, old: comparable(old), new: comparable(wanted) };
}

/** What others wrote may be of any type: what is none of ours is compared as its JSON. */
function comparable(value: unknown): FieldValue {
  const parsed = fieldValues.safeParse({ field: value ?? null });
  return parsed.success ? (parsed.data['field'] ?? null) : JSON.stringify(value);
}

function ownValue(values: Readonly<Record<string, unknown>> | CouchDocument, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
