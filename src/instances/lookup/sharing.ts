import { databasePrefix, prefixOf } from '../databases/prefix.ts';
import type { StoredInstance } from '../documents/instance-document.ts';
import { Refusal } from '../errors.ts';
import { refusalOf } from './classify-document.ts';
import type { PossibleOwner, PossibleOwners } from './owner-index.ts';
import { sharersOf } from './prefix-index.ts';
import type { OwningField } from './readings.ts';

/** Why databases or files of an instance are, or could be, another document's too. */
export interface SharingProblem {
  readonly code: 'shared_prefix' | 'shared_name';
  readonly message: string;
  /** What the operator can do about it. */
  readonly advice: string;
}

/** The fields in words. */
const WORDS: Readonly<Record<OwningField, string>> = {
  domain: 'domain',
  domain_aliases: 'alias',
  old_domain: 'former domain',
  prefix: 'prefix',
};

/**
 * What the databases of an instance may begin with: digits of a hash, or, in instances from before there were
 * any, the domain with its dots as dashes.
 */
const PREFIX = /^(cozy[0-9a-f]{32}|[a-z0-9_$()+]*-[a-z0-9_$()+-]*)$/;

/** What the databases begin with that are the platform's, and CouchDB's own. */
const OF_THE_PLATFORM = /^(global|secrets|_.*)?$/is;

/**
 * Whether another document could mean the databases or the directory of an instance: databases go by the prefix, and
 * files by the domain, and neither may be removed, or made, while another has it by any reading, be it the platform.
 */
export function sharingOf(owners: PossibleOwners, instance: StoredInstance): SharingProblem | undefined {
  const platforms = platformPrefix(instance);
  if (platforms !== undefined) return platforms;
  const { databases, directory } = sharersOf(owners, instance);
  const [samePrefix] = databases;
  if (samePrefix !== undefined) return sharedPrefix(instance, samePrefix);
  const [sameName] = directory;
  return sameName && sharedName(instance, sameName);
}

/** @throws Refusal `shared_prefix`, `shared_name` */
export function refuseShared(owners: PossibleOwners, instance: StoredInstance): void {
  refuse(sharingOf(owners, instance));
}

/**
 * To be asked before something is written into its databases, and nowhere else.
 * @throws Refusal `shared_prefix`
 */
export function refuseSharedDatabases(owners: PossibleOwners, instance: StoredInstance): void {
  refusePlatform(instance);
  const [other] = sharersOf(owners, instance).databases;
  refuse(other && sharedPrefix(instance, other));
}

/** @throws Refusal `shared_prefix` where its databases would be the platform's */
export function refusePlatform(instance: StoredInstance): void {
  refuse(platformPrefix(instance));
}

/**
 * To be asked before something is removed: databases of an odd prefix may not be an instance's at all.
 * @throws Refusal `shared_prefix`
 */
export function refuseOddPrefix(instance: StoredInstance): void {
  if (!PREFIX.test(databasePrefix(instance))) refuse(oddPrefix(instance));
}

function refuse(sharing: SharingProblem | undefined): void {
  if (sharing !== undefined) throw new Refusal(sharing.code, sharing.message, sharing.advice);
}

function platformPrefix(instance: StoredInstance): SharingProblem | undefined {
  return OF_THE_PLATFORM.test(databasePrefix(instance)) ? oddPrefix(instance) : undefined;
}

function oddPrefix(instance: StoredInstance): SharingProblem {
  const prefix = databasePrefix(instance);
  return {
    code: 'shared_prefix',
    message: `the prefix of ${instance.domain} is not one of an instance: ${JSON.stringify(prefix.slice(0, 100))}`,
    advice: `Nothing more was touched. Correct prefix of ${instance._id} in global/instances, or remove that document by hand.`,
  };
}

function sharedPrefix(instance: StoredInstance, other: PossibleOwner): SharingProblem {
  const { domain } = instance;
  const prefix = databasePrefix(instance);
  return {
    code: 'shared_prefix',
    message:
      other.field === 'prefix'
        ? `${domain} and ${nameOf(other)} have the same databases (${prefix})`
        : `the databases of ${domain} (${prefix}) could be those of ${nameOf(other)}, by its ${WORDS[other.field]}`,
    advice: adviceOn(other),
  };
}

function sharedName({ _id, domain }: StoredInstance, other: PossibleOwner): SharingProblem {
  return {
    code: 'shared_name',
    message:
      other.field === 'domain' && other.domain === domain
        ? `the documents ${_id} and ${other._id} both have the domain ${domain}, and so the same files`
        : `the directory of ${domain} could be that of ${nameOf(other)}, by its ${WORDS[other.field]}`,
    advice: adviceOn(other),
  };
}

/** With its id, for two documents may have one domain. */
function nameOf({ _id, domain }: PossibleOwner): string {
  return domain === '' ? `the document ${_id}` : `${domain} (document ${_id})`;
}

function adviceOn({ _id, field, unreadable }: PossibleOwner): string {
  const problem =
    unreadable === undefined ? '' : ` It cannot be read: ${unreadable.field} ${unreadable.problem}.`;
  return `Nothing more was touched.${problem} Find out which of the two documents is right; correct ${field} of ${_id} in global/instances, or remove the wrong one by hand.`;
}

/**
 * Refuses names that a document which cannot be read could have: nothing new is made beside it.
 * @param but `_id` of a document that does not count
 * @throws Refusal `unreadable`
 */
export function refuseUnreadableOwner(owners: PossibleOwners, names: readonly string[], but?: string): void {
  for (const name of names) {
    const possible = [...owners.ofDirectory(name, but), ...owners.ofPrefix(prefixOf(name), but)];
    const unreadable = possible.find((owner) => owner.unreadable !== undefined)?.unreadable;
    if (unreadable !== undefined) throw refusalOf(unreadable);
  }
}

/**
 * Refuses a domain for a new instance whose databases or directory another document could mean: it would have, or
 * show, what is the other's, and neither could be removed any more.
 * @param but `_id` of a document that does not count
 * @throws Refusal `taken`
 */
export function refuseMeantDomain(owners: PossibleOwners, domain: string, but: string): void {
  const prefix = prefixOf(domain);
  const [samePrefix] = owners.ofPrefix(prefix, but);
  const [sameName] = owners.ofDirectory(domain, but);
  const other = samePrefix ?? sameName;
  if (other === undefined) return;
  const what =
    samePrefix === undefined ? `the directory of ${domain}` : `the databases of ${domain} (${prefix})`;
  throw new Refusal(
    'taken',
    `${what} could be ${nameOf(other)}\u2019s, by its ${WORDS[other.field]}`,
    `Nothing was touched. Choose another domain, or correct ${other.field} of ${other._id} in global/instances.`,
  );
}
