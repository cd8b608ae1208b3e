import { FleetError } from '../../errors.ts';
import type { InstanceOptions } from '../options/options.ts';
import { type InstanceDocument, type InstanceFields, isEmptyField } from './instance-document.ts';
import { AUTH_MODE_NUMBERS } from './instance-state.ts';
import { reservationReason } from './reservation.ts';

/** What lets the owner of an instance in: a token to register with, or the hash of a registered passphrase. */
export interface Credential {
  /** Base64 of 16 bytes. */
  readonly registerToken?: string | undefined;
  /** Base64 of the scrypt text; it wins over the register token, and one that is there already over it. */
  readonly passphraseHash?: string | undefined;
}

/**
 * The real document, from the reservation (which gives identity, place and secrets) and the options,
 * with empty fields left out as the stack does (`docs/cozy-data.md` §2.1). Whatever else the reservation has
 * was written by another program meanwhile, and wins: the passphrase, second factor and version of common
 * settings that a stack took from messages, the number of the indexes it made, fields that are not known here.
 *
 * @throws FleetError `no_way_in` when neither a register token nor a passphrase hash is given:
 *   the instance could never be used.
 */
export function finishedDocument(
  reservation: InstanceDocument,
  options: InstanceOptions,
  credential: Credential,
): InstanceDocument {
  const { _id, domain, password_defined: defined } = reservation;
  const wanted: InstanceDocument = {
    _id,
    domain,
    locale: options.locale,
    password_defined: defined === true || options.hasPassphrase,
  };
  setOptions(wanted, options);
  const document = { ...wanted, ...keptOf(reservation) };
  // A flag that was set meanwhile leaves the others as they are wanted.
  setUnlessEmpty(document, 'feature_flags', { ...wanted.feature_flags, ...reservation.feature_flags });
  setCredential(document, credential);
  return document;
}

/** The fields that the options ask for, as they are stored; what they leave open is not among them. */
export function optionFields(options: InstanceOptions): Readonly<Record<string, unknown>> {
  const document: InstanceDocument = {
    _id: '',
    domain: options.domain,
    locale: options.locale,
    password_defined: false,
  };
  setOptions(document, options);
  const { _id, domain, password_defined: _, ...fields } = document;
  return fields;
}

/** All of a reservation but what makes it one; a block that was given another reason stays. */
function keptOf(reservation: InstanceDocument): Partial<InstanceDocument> {
  const { password_defined: _, ...fields } = reservation;
  const { blocked, blocking_reason: reason, ...kept } = fields;
  if (reservationReason(reservation) !== undefined) return kept;
  return { ...kept, ...(blocked && { blocked }), ...(reason && { blocking_reason: reason }) };
}

/** Sets a field, unless it would be one of the values the stack writes as an absent key. */
function setUnlessEmpty<Field extends keyof InstanceFields>(
  document: InstanceFields,
  field: Field,
  value: InstanceFields[Field] | undefined,
): void {
  if (value === undefined || isEmptyField(value)) return;
  document[field] = value;
}

function setOptions(document: InstanceDocument, options: InstanceOptions): void {
  setUnlessEmpty(document, 'domain_aliases', options.aliases);
  setUnlessEmpty(document, 'org_domain', options.orgDomain);
  setUnlessEmpty(document, 'org_id', options.orgId);
  setUnlessEmpty(document, 'old_domain', options.oldDomain);
  setUnlessEmpty(document, 'uuid', options.uuid);
  setUnlessEmpty(document, 'oidc_id', options.oidcId);
  setUnlessEmpty(document, 'franceconnect_id', options.franceconnectId);
  setUnlessEmpty(document, 'context', options.context);
  setUnlessEmpty(document, 'sponsorships', options.sponsorships);
  setUnlessEmpty(document, 'feature_sets', options.featureSets);
  setUnlessEmpty(document, 'feature_flags', options.featureFlags);
  setUnlessEmpty(document, 'tos', options.tos);
  setUnlessEmpty(document, 'tos_latest', options.tosLatest);
  setUnlessEmpty(document, 'auth_mode', AUTH_MODE_NUMBERS[options.authMode ?? 'basic']);
  setUnlessEmpty(document, 'magic_link', options.magicLink);
  setUnlessEmpty(document, 'blocked', options.blocked);
  setUnlessEmpty(document, 'blocking_reason', options.blockingReason);
  setUnlessEmpty(document, 'onboarding_finished', options.onboardingFinished);
  setUnlessEmpty(document, 'no_auto_update', options.autoUpdate === false);
  setUnlessEmpty(document, 'disk_quota', options.diskQuota?.toString());
}

function setCredential(document: InstanceDocument, credential: Credential): void {
  const { registerToken, passphraseHash } = credential;
  if (passphraseHash) {
    document.passphrase_hash ??= passphraseHash;
    document.onboarding_finished = true;
  } else if (registerToken) {
    document.register_token = registerToken;
  } else {
    throw new FleetError('no_way_in', `${document.domain} has neither a register token nor a passphrase`);
  }
}
