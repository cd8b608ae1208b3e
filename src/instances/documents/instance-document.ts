import type { IndexesVersion } from '../../config/indexes-versions.ts';
import type { StoredDocument } from '../../couchdb/documents.ts';
import { NEWEST_INDEXES_VERSION } from '../databases/databases.ts';
import { prefixOf, reservationId } from '../databases/prefix.ts';
import type { InstanceOptions } from '../options/options.ts';
import { optionsHash } from '../options/options-hash.ts';
import type { InstanceSecrets } from '../vault/secrets.ts';

/** Every field the stack knows in `global/instances` (`docs/cozy-data.md` §2.1). */
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

/** An instance as CouchDB has it: each field that is known here is of its type. */
export type StoredInstance = StoredDocument & InstanceDocument;

/** What a reservation is made of besides the options. */
export interface ReservationParts {
  /** Its register token is not used: it would open `/settings` of an unfinished instance. */
  readonly secrets: Omit<InstanceSecrets, 'register_token'>;
  /** Index in `couchdb.clusters`. */
  readonly cluster: number;
  /** Number of the indexes that the stack of the platform writes; the newest one when absent. */
  readonly indexesVersion?: IndexesVersion;
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

/**
 * The document that holds a domain while its instance is being made: blocked, and without
 * anything that opens `/settings` or `/oidc`, which ignore the block (`ARCHITECTURE.md` §3.5). A running stack
 * answers 503 for it and creates nothing, as long as `indexes_version` is the stack's own.
 */
export function reservationDocument(options: InstanceOptions, parts: ReservationParts): InstanceDocument {
  const { secrets, cluster, indexesVersion = NEWEST_INDEXES_VERSION } = parts;
  return {
    _id: reservationId(options.domain),
    domain: options.domain,
    prefix: prefixOf(options.domain),
    locale: options.locale,
    blocked: true,
    blocking_reason: `PROVISIONING:${optionsHash(options)}`,
    indexes_version: indexesVersion,
    password_defined: false,
    session_secret: secrets.session_secret,
    oauth_secret: secrets.oauth_secret,
    cli_secret: secrets.cli_secret,
    ...(options.aliases.length > 0 && { domain_aliases: options.aliases }),
    ...(options.context && { context: options.context }),
    ...(cluster > 0 && { couch_cluster: cluster }),
  };
}

/**
 * The options hash a reservation was made with; `undefined` for anything but a reservation. One is known by
 * its id, its block and the reason of it: what a stack's message handlers write into it meanwhile, such as
 * the hash of a passphrase, makes it no instance in use.
 */
export function reservationHash(document: InstanceDocument): string | undefined {
  if (isFinished(document) || document.blocked !== true) return undefined;
  if (document._id !== reservationId(document.domain)) return undefined;
  return reservationReason(document);
}

/** The options hash in the reason of a block, where a creation gave that reason. */
export function reservationReason({ blocking_reason: reason = '' }: InstanceDocument): string | undefined {
  return RESERVATION_REASON.exec(reason)?.[1];
}

/**
 * Whether a creation has put the instance into use, whatever became of it since. That it has a passphrase
 * does not say so: message handlers of a stack write one into reservations too (`docs/cozy-data.md` §9.6).
 */
export function isFinished({ register_token, onboarding_finished }: InstanceDocument): boolean {
  return Boolean(register_token || onboarding_finished);
}

/** Whether the document holds a domain for an instance that is not finished. */
export function isReservation(document: InstanceDocument): boolean {
  return reservationHash(document) !== undefined;
}

/**
 * Reasons with which a stack blocks an instance that it fills, or moves to another place
 * (`docs/cozy-data.md` §6.3).
 */
const MOVING_REASONS: ReadonlySet<string | undefined> = new Set(['IMPORTING', 'MOVING']);

/** Whether a stack is writing all of its databases and files, so that nobody can tell what they lack. */
export function isBeingMoved({ blocked, blocking_reason: reason }: InstanceDocument): boolean {
  return blocked === true && MOVING_REASONS.has(reason);
}

/**
 * Whether a passphrase is registered at creation, and which: where people come in by other means
 * (OIDC, FranceConnect, magic link) a random one nobody knows, even if one was given
 * (`docs/cozy-data.md` §2.2).
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
 * register token, `pending` has none (`docs/admin-api.md` §1.3).
 */
export function stackState(document: InstanceDocument): StackState {
  if (document.onboarding_finished) return 'onboarded';
  return document.register_token ? 'onboarding' : 'pending';
}
