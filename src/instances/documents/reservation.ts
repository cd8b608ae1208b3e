import type { IndexesVersion } from '../../config/config.ts';
import { NEWEST_INDEXES_VERSION } from '../databases/databases.ts';
import { prefixOf, reservationId } from '../databases/prefix.ts';
import { RESERVED_REASON } from '../options/option-values.ts';
import { type InstanceOptions, optionsHash } from '../options/options.ts';
import type { InstanceSecrets } from '../vault/secrets.ts';
import type { InstanceDocument, InstanceFields } from './instance-document.ts';

/** What a reservation is made of besides the options. */
export interface ReservationParts {
  /** Its register token is not used: it would open `/settings` of an unfinished instance. */
  readonly secrets: Omit<InstanceSecrets, 'register_token'>;
  /** Index in `couchdb.clusters`. */
  readonly cluster: number;
  /** Of an item of the pool; computed from the domain when absent. */
  readonly prefix?: string | undefined;
  /** Number of the indexes that the stack of the platform writes; the newest one when absent. */
  readonly indexesVersion?: IndexesVersion;
}

const RESERVATION_REASON = new RegExp(`^${RESERVED_REASON}:([0-9a-f]{16})$`);

/**
 * The document that holds a domain while its instance is being made: blocked, and without
 * anything that opens `/settings` or `/oidc`, which ignore the block (`ARCHITECTURE.md` §3.5). A running stack
 * answers 503 for it and creates nothing, as long as `indexes_version` is the stack's own.
 */
export function reservationDocument(options: InstanceOptions, parts: ReservationParts): InstanceDocument {
  const { secrets, cluster, prefix, indexesVersion = NEWEST_INDEXES_VERSION } = parts;
  return {
    _id: reservationId(options.domain),
    domain: options.domain,
    prefix: prefix ?? prefixOf(options.domain),
    locale: options.locale,
    blocked: true,
    blocking_reason: `${RESERVED_REASON}:${optionsHash(options)}`,
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

/** What a reservation is made of. */
const RESERVED: ReadonlySet<string> = new Set<keyof InstanceFields>([
  '_id',
  '_rev',
  'domain',
  'domain_aliases',
  'prefix',
  'locale',
  'context',
  'couch_cluster',
  'blocked',
  'blocking_reason',
  'indexes_version',
  'session_secret',
  'oauth_secret',
  'cli_secret',
]);

/**
 * Names of the fields that another program has written into a reservation, such as a stack the hash of a
 * passphrase that came by message. They belong to the user of the instance, who could not come in yet.
 */
export function writtenInto(reservation: InstanceDocument): string[] {
  return Object.entries(reservation)
    .filter(([name, value]) => (name === 'password_defined' ? value === true : !RESERVED.has(name)))
    .map(([name]) => name);
}
