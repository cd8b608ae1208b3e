import { FleetError } from '../errors.ts';
import { INDEXES_VERSION } from './doctypes.ts';
import { isEmptyField } from './empty-field.ts';
import type { InstanceOptions } from './options.ts';
import { optionsHash } from './options-hash.ts';
import { prefixOf, reservationId } from './prefix.ts';
import type { InstanceSecrets } from './secrets.ts';

/** Every field the stack knows in `global/instances` (`instance-data.md` §2.1). */
export interface InstanceFields {
  _id: string;
  _rev?: string;
  domain: string;
  domain_aliases?: string[];
  org_domain?: string;
  org_id?: string;
  old_domain?: string;
  prefix?: string;
  locale: string;
  uuid?: string;
  oidc_id?: string;
  franceconnect_id?: string;
  context?: string;
  sponsorships?: string[];
  feature_sets?: string[];
  feature_flags?: Record<string, unknown>;
  tos?: string;
  tos_latest?: string;
  /** 0 basic (absent), 1 `two_factor_mail`, 2 `two_factor_oidc`. */
  auth_mode?: number;
  magic_link?: boolean;
  deleting?: boolean;
  moved?: boolean;
  blocked?: boolean;
  blocking_reason?: string;
  no_auto_update?: boolean;
  onboarding_finished?: boolean;
  /** Never absent; `null` only in documents older than the field. */
  password_defined: boolean | null;
  /** Bytes, as a decimal text; absent = unlimited. */
  disk_quota?: string;
  indexes_version?: number;
  common_settings_version?: number;
  swift_cluster?: number;
  /** Kind of storage its files are in; absent = `file` (and `swift_cluster` tells of Swift). */
  fs_scheme?: string;
  /** Index in `couchdb.clusters`; 0 is absent. */
  couch_cluster?: number;
  /** Base64 of the `scrypt$…` text. */
  passphrase_hash?: string;
  passphrase_reset_token?: string;
  passphrase_reset_time?: string;
  register_token?: string;
  session_secret?: string;
  oauth_secret?: string;
  cli_secret?: string;
  last_activity_from_deleted_oauth_clients?: string;
}

/** A document of `global/instances`; whoever rewrites one keeps the fields it does not know. */
export interface InstanceDocument extends InstanceFields {
  [key: string]: unknown;
}

/** What a reservation is made of besides the options. */
export interface ReservationParts {
  /** Its register token is not used: it would open `/settings` of an unfinished instance. */
  readonly secrets: Omit<InstanceSecrets, 'register_token'>;
  /** Index in `couchdb.clusters`. */
  readonly cluster: number;
}

/** What lets its owner in: a token to register with, or the hash of a registered passphrase. */
export interface WayIn {
  /** Base64 of 16 bytes. */
  readonly registerToken?: string | undefined;
  /** Base64 of the scrypt text; it wins over the register token. */
  readonly passphraseHash?: string | undefined;
}

/** What becomes of the passphrase when an instance is made. */
export type PassphraseCase = 'given' | 'random' | 'none';

/** Where an instance can be in its life. */
export const INSTANCE_STATES = [
  'provisioning',
  'deleting',
  'blocked',
  'onboarded',
  'onboarding',
  'pending',
] as const;

export type InstanceState = (typeof INSTANCE_STATES)[number];

/** The states that the stack's `instances ls` tells apart. */
export type StackState = Extract<InstanceState, 'onboarded' | 'onboarding' | 'pending'>;

const RESERVATION_REASON = /^PROVISIONING:([0-9a-f]{16})$/;

/** What `auth_mode` is in a document, by the names that people use. */
export const AUTH_MODES = { basic: 0, two_factor_mail: 1, two_factor_oidc: 2 } as const;

/** Sets a field, unless it would be one of the values the stack writes as an absent key. */
function setUnlessEmpty<Field extends keyof InstanceFields>(
  document: InstanceFields,
  field: Field,
  value: InstanceFields[Field] | undefined,
): void {
  if (value === undefined || isEmptyField(value)) return;
  document[field] = value;
}

/**
 * The document that holds a domain while its instance is being made: blocked, and without
 * anything that opens `/settings` or `/oidc`, which ignore the block (design §3). A running stack
 * answers 503 for it and creates nothing, as long as `indexes_version` is the stack's own.
 */
export function reservationDocument(options: InstanceOptions, parts: ReservationParts): InstanceDocument {
  const { secrets, cluster } = parts;
  const document: InstanceDocument = {
    _id: reservationId(options.domain),
    domain: options.domain,
    prefix: prefixOf(options.domain),
    locale: options.locale,
    blocked: true,
    blocking_reason: `PROVISIONING:${optionsHash(options)}`,
    indexes_version: INDEXES_VERSION,
    password_defined: false,
    session_secret: secrets.session_secret,
    oauth_secret: secrets.oauth_secret,
    cli_secret: secrets.cli_secret,
  };
  setUnlessEmpty(document, 'domain_aliases', options.aliases);
  setUnlessEmpty(document, 'context', options.context);
  setUnlessEmpty(document, 'couch_cluster', cluster);
  return document;
}

/** The options hash a reservation was made with; `undefined` for anything but a reservation. */
export function reservationHash(document: InstanceDocument): string | undefined {
  // A finished instance always has one of these, whatever reason an operator blocked it for.
  const finished = document.register_token || document.passphrase_hash || document.onboarding_finished;
  if (finished || document.blocked !== true) return undefined;
  return RESERVATION_REASON.exec(document.blocking_reason ?? '')?.[1];
}

/** Whether the document holds a domain for an instance that is not finished. */
export function isReservation(document: InstanceDocument): boolean {
  return reservationHash(document) !== undefined;
}

/** Reasons with which a stack blocks an instance that it fills, or moves to another place (`instance-data.md` §6.3). */
const MOVING_REASONS: ReadonlySet<string | undefined> = new Set(['IMPORTING', 'MOVING']);

/** Whether a stack is writing all of its databases and files, so that nobody can tell what they lack. */
export function isBeingMoved({ blocked, blocking_reason: reason }: InstanceDocument): boolean {
  return blocked === true && MOVING_REASONS.has(reason);
}

/**
 * The real document, from the reservation (which gives identity, place and secrets) and the options,
 * with empty fields left out as the stack does (`instance-data.md` §2.1).
 *
 * @throws FleetError `no_way_in` when neither a register token nor a passphrase hash is given:
 *   nobody could ever use the instance.
 */
export function finishedDocument(
  reservation: InstanceDocument,
  options: InstanceOptions,
  wayIn: WayIn,
): InstanceDocument {
  const document: InstanceDocument = {
    _id: reservation._id,
    domain: reservation.domain,
    locale: options.locale,
    password_defined: options.hasPassphrase,
  };
  setUnlessEmpty(document, '_rev', reservation._rev);
  setUnlessEmpty(document, 'prefix', reservation.prefix);
  setUnlessEmpty(document, 'couch_cluster', reservation.couch_cluster);
  setUnlessEmpty(document, 'indexes_version', reservation.indexes_version);
  setUnlessEmpty(document, 'session_secret', reservation.session_secret);
  setUnlessEmpty(document, 'oauth_secret', reservation.oauth_secret);
  setUnlessEmpty(document, 'cli_secret', reservation.cli_secret);
  setOptions(document, options);
  setWayIn(document, wayIn);
  return document;
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
  setUnlessEmpty(document, 'tos', options.tos);
  setUnlessEmpty(document, 'tos_latest', options.tosLatest);
  setUnlessEmpty(document, 'auth_mode', AUTH_MODES[options.authMode ?? 'basic']);
  setUnlessEmpty(document, 'magic_link', options.magicLink);
  setUnlessEmpty(document, 'blocked', options.blocked);
  setUnlessEmpty(document, 'blocking_reason', options.blockingReason);
  setUnlessEmpty(document, 'no_auto_update', options.autoUpdate === false);
  setUnlessEmpty(document, 'disk_quota', options.diskQuota?.toString());
}

function setWayIn(document: InstanceDocument, wayIn: WayIn): void {
  const { registerToken, passphraseHash } = wayIn;
  if (passphraseHash) {
    document.passphrase_hash = passphraseHash;
    document.onboarding_finished = true;
  } else if (registerToken) {
    document.register_token = registerToken;
  } else {
    throw new FleetError('no_way_in', `${document.domain} has neither a register token nor a passphrase`);
  }
}

/**
 * Whether a passphrase is registered at creation, and which: where people come in by other means
 * (OIDC, FranceConnect, magic link) a random one nobody knows, even if one was given
 * (`instance-data.md` §2.2).
 *
 * @param forcesOidc whether the instance has a context, and that context has
 *   `disable_password_authentication: true`.
 */
export function registersPassphrase(options: InstanceOptions, forcesOidc: boolean): PassphraseCase {
  if (forcesOidc || options.franceconnectId || options.magicLink) return 'random';
  return options.hasPassphrase ? 'given' : 'none';
}

/** State of an instance: the stack's, unless something keeps its owner out. */
export function instanceState(document: InstanceDocument): InstanceState {
  if (document.deleting) return 'deleting';
  if (isReservation(document)) return 'provisioning';
  if (document.blocked) return 'blocked';
  return stackState(document);
}

/**
 * State of an instance in the stack's `instances ls`: `onboarding` waits for its owner to use the
 * register token, `pending` has none (`cli-and-admin-api.md` §1.3).
 */
export function stackState(document: InstanceDocument): StackState {
  if (document.onboarding_finished) return 'onboarded';
  return document.register_token ? 'onboarding' : 'pending';
}
