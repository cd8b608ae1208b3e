import type { CouchDocument } from '../../couchdb/documents.ts';
import { InputError } from '../../errors.ts';
import type { InstanceChanges } from '../options/changes.ts';
import { mergeFlags } from '../options/feature-flags.ts';
import { tosMajor } from '../options/tos.ts';
import { type InstanceDocument, type InstanceFields, isEmptyField } from './instance-document.ts';
import { AUTH_MODE_NUMBERS } from './instance-state.ts';

/** What the stack's own block puts where no reason is given (`docs/cozy-data.md` §6.3). */
export const UNKNOWN_REASON = 'UNKNOWN';

/** Fields that may be absent. */
type OptionalField = Exclude<keyof InstanceFields, '_id' | 'domain' | 'locale' | 'password_defined'>;

/** The document with the changes (`docs/cozy-data.md` §6.3); fields that are not known are kept. */
export function applyChanges(document: InstanceDocument, changes: InstanceChanges): InstanceDocument {
  const changed = { ...document };
  const { autoUpdate, authMode, diskQuota, locale, featureFlags } = changes;
  if (locale !== undefined) changed.locale = locale;
  setField(changed, 'uuid', changes.uuid);
  setField(changed, 'oidc_id', changes.oidcId);
  setField(changed, 'franceconnect_id', changes.franceconnectId);
  setField(changed, 'old_domain', changes.oldDomain);
  setField(changed, 'org_domain', changes.orgDomain);
  setField(changed, 'org_id', changes.orgId);
  setField(changed, 'context', changes.context);
  setField(changed, 'domain_aliases', changes.aliases);
  setField(changed, 'sponsorships', changes.sponsorships);
  // The stack's only way to change them sorts them.
  setField(changed, 'feature_sets', changes.featureSets && [...changes.featureSets].sort());
  setField(changed, 'feature_flags', featureFlags && mergeFlags(document.feature_flags, featureFlags));
  setField(changed, 'disk_quota', diskQuota === null ? '' : diskQuota?.toString());
  setField(changed, 'auth_mode', authMode && AUTH_MODE_NUMBERS[authMode]);
  setField(changed, 'no_auto_update', autoUpdate === undefined ? undefined : !autoUpdate);
  setField(changed, 'magic_link', changes.magicLink);
  setField(changed, 'onboarding_finished', changes.onboardingFinished);
  setField(changed, 'deleting', changes.deleting);
  setBlocking(changed, changes);
  setTos(changed, changes);
  return changed;
}

/** The settings document with the changes: merged, for keys cannot be taken away (`docs/cozy-data.md` §6.3). */
export function applySettings(document: CouchDocument, { settings }: InstanceChanges): CouchDocument {
  return { ...document, ...settings };
}

/** Undefined leaves the field as it is; an empty value takes it away. */
function setField<Field extends OptionalField>(
  document: InstanceFields,
  field: Field,
  value: InstanceFields[Field] | undefined,
): void {
  if (value === undefined) return;
  if (isEmptyField(value)) delete document[field];
  else document[field] = value;
}

function setBlocking(document: InstanceDocument, { blocked, blockingReason }: InstanceChanges): void {
  if (blocked === false) {
    delete document.blocked;
    delete document.blocking_reason;
  } else if (blocked === true || blockingReason !== undefined) {
    // The stack leaves a reason behind when it unblocks: that one is not today's.
    const current = document.blocked ? document.blocking_reason : undefined;
    document.blocking_reason = blockingReason || current || UNKNOWN_REASON;
    document.blocked = true;
  }
}

/** In the stack's order: the latest terms are held against what was signed before. */
function setTos(document: InstanceDocument, { tos, tosLatest }: InstanceChanges): void {
  if (tosLatest !== undefined && !isSignedBy(document.tos, tosLatest)) document.tos_latest = tosLatest;
  if (tos === undefined) return;
  document.tos = tos;
  if (isSignedBy(tos, document.tos_latest)) delete document.tos_latest;
}

/**
 * Whether the latest terms are signed with these. What was stored at creation may be of any format, and is then not taken
 * for a signature.
 */
export function isSignedBy(signed: string | undefined, latest: string | undefined): boolean {
  if (!signed || !latest) return false;
  try {
    return tosMajor(signed) >= tosMajor(latest);
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}
