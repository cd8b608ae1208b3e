import { reservationId } from '../databases/prefix.ts';
import type { StoredInstance } from '../documents/instance-document.ts';
import { isReservation, reservationHash, reservationReason } from '../documents/reservation.ts';
import { beingDeleted, Refusal } from '../errors.ts';
import { type InstanceOptions, optionsHash } from '../options/options.ts';
import { isSamePerson, type SettingsIdentity } from './same-person.ts';

/** The documents that answer to a name of a new instance. */
export interface NameOwners {
  /** The reservation of its domain. */
  readonly ours: StoredInstance | undefined;
  /** The first of the others. */
  readonly other: StoredInstance | undefined;
}

/** Tells the reservation of a domain from whoever else has one of its names. */
export function splitOwners(domain: string, owners: readonly StoredInstance[]): NameOwners {
  const ours = owners.find((owner) => owner._id === reservationId(domain) && isReservation(owner));
  return { ours, other: owners.find((owner) => owner !== ours) };
}

/**
 * Refuses a document that has one of the names, unless it is a finished instance of the domain itself: whose that
 * is, its settings have to tell ({@link refuseOtherPerson}).
 * @throws Refusal `deleting`, `reserved`, `taken`
 */
export function refuseNameOwner(options: InstanceOptions, owner: StoredInstance): void {
  if (owner.domain === options.domain && owner.deleting === true) throw deletionFirst(options.domain);
  if (owner.domain === options.domain && !isReservation(owner)) {
    refuseShutForEver(owner);
    return;
  }
  const name = [options.domain, ...options.aliases].find(
    (each) => each === owner.domain || owner.domain_aliases?.includes(each) === true,
  );
  throw new Refusal(
    'taken',
    `${name ?? options.domain} is a name of the instance ${owner.domain}`,
    'Choose another name.',
  );
}

/** @throws Refusal `taken` where the instance that is there is another person's */
export function refuseOtherPerson(
  options: InstanceOptions,
  owner: StoredInstance,
  settings: SettingsIdentity,
): void {
  if (isSamePerson(options, owner, settings)) return;
  throw new Refusal('taken', `${options.domain} belongs to somebody else`, 'Choose another domain.');
}

/** A reservation with our very options is ours, or was before Redis was lost. @throws Refusal `deleting`, `reserved` */
export function refuseForeignReservation(options: InstanceOptions, found: StoredInstance): void {
  if (found.deleting === true) throw deletionFirst(options.domain);
  if (reservationHash(found) === optionsHash(options)) return;
  throw new Refusal(
    'reserved',
    `${options.domain} is reserved with other options`,
    `Submit it with the options of the first try, or remove it first: cozy-fleet instances destroy ${options.domain}.`,
  );
}

/** @param moved instances that moved away from one of the names @throws Refusal `old_domain` */
export function refuseOldDomain([moved]: readonly StoredInstance[]): void {
  if (moved === undefined) return;
  throw new Refusal(
    'old_domain',
    `${moved.old_domain ?? ''} is the former domain of the instance ${moved.domain}, which still answers for it`,
    'Choose another domain.',
  );
}

/** Databases that an earlier life of the domain has left. */
export function databasesLeftOver(domain: string, databases: readonly string[]): Refusal {
  return new Refusal(
    'leftovers',
    `${databases.length} databases of an earlier ${domain} are left, such as ${databases[0]}`,
    'Nothing was touched. If nobody needs them, remove them (cozy-fleet instances repair --orphans) and submit it again.',
  );
}

/** Files that an earlier life of the domain has left. @param storage its name */
export function filesLeftOver(domain: string, storage: string): Refusal {
  return new Refusal(
    'leftovers',
    `files of an earlier ${domain} are left in ${storage}`,
    'Nothing was touched. If nobody needs them, remove them (cozy-fleet instances repair --orphans) or move them away, and submit it again.',
  );
}

function deletionFirst(domain: string): Refusal {
  return beingDeleted(
    domain,
    `Submit it again when its deletion has ended: cozy-fleet jobs watch ${domain}.`,
  );
}

/** An instance with the block of a reservation that is none: its owner cannot log in. @throws Refusal `reserved` */
function refuseShutForEver(owner: StoredInstance): void {
  if (owner.blocked !== true || reservationReason(owner) === undefined) return;
  throw new Refusal(
    'reserved',
    `${owner.domain} is blocked as if it were being made, and no creation can go on with it`,
    `See what it is: cozy-fleet instances fsck ${owner.domain}. Unblock it (cozy-fleet instances modify --blocked=false), or destroy it and submit it again.`,
  );
}
