import { InputError } from '../../../errors.ts';
import type { StoredDate } from '../../../jobs/dates/date-document.ts';
import { dateInTheWay } from '../../../jobs/dates/date-in-the-way.ts';
import { firstLabel } from '../../targets/organizations-first.ts';
import { listedDomain } from './list-row.ts';
import type { KnownInstance, ListedFleet, Unmanaged } from './listed-fleet.ts';
import type { HeldRow } from './named-instances.ts';

/** What becomes of an instance that no row of a list is about. */
export type UnlistedVerdict =
  | { readonly unlisted: 'prune' }
  /** It stays, though it might be pruned but for this. */
  | ({ readonly unlisted: 'held' } & HeldRow)
  /** It is only named: nothing is to be pruned, or not it. */
  | ({ readonly unlisted: 'named' } & HeldRow);

/** What is known besides where instances are to be pruned. */
export interface PruneFacts {
  /** Of what moment the list is, in milliseconds since 1970. */
  readonly listTime: number;
  /** When the instance was made, in milliseconds since 1970; undefined where nobody can tell. */
  readonly createdAt: number | undefined;
  /** Whether its document has changed since the list was begun, as far as the list says since when that is. */
  readonly hasChanged: boolean;
  /** Its date for a destruction, if any. */
  readonly date: StoredDate | 'unreadable' | undefined;
  /** Organizations of which rows of the list make instances members, be they that already or not: their `org_id` in lower case. */
  readonly joined: ReadonlySet<string>;
}

/** By how much clocks of a directory, of those who list it, and of workers may differ, in milliseconds. */
const CLOCKS_MS = 5 * 60_000;

const UNMANAGED: Readonly<Record<Unmanaged, string>> = {
  deleting: 'is being deleted',
  reserved: 'is being made',
  importing: 'is being filled or moved by a stack',
  moved: 'was moved to another place',
};

/** Why an instance is left alone whatever a list says; undefined where it is not. */
export function heldAsUnmanaged({ domain, unmanaged }: KnownInstance): HeldRow | undefined {
  if (unmanaged === undefined) return undefined;
  return {
    code: unmanaged === 'deleting' ? 'deleting' : unmanaged === 'reserved' ? 'provisioning' : 'not_managed',
    message: `${domain} ${UNMANAGED[unmanaged]}`,
    advice: 'Nothing is done to it. Submit the list again when that has ended.',
  };
}

/** @param facts undefined where nothing is to be pruned */
export function judgeUnlisted(
  instance: KnownInstance,
  fleet: Pick<ListedFleet, 'othersOf' | 'withDomain'>,
  facts: PruneFacts | undefined,
): UnlistedVerdict {
  const { domain } = instance;
  const unmanaged = heldAsUnmanaged(instance);
  if (unmanaged !== undefined) return { unlisted: 'held', ...unmanaged };
  if (facts === undefined || !instance.inScope) {
    return {
      unlisted: 'named',
      code: 'unlisted',
      message: `no row is about ${domain}`,
      advice: 'It stays as it is. To remove what is on no list: --prune with --scope.',
    };
  }
  const unnamed = heldAsUnnamed(instance, fleet);
  if (unnamed !== undefined) return { unlisted: 'held', ...unnamed };
  const members = membersOf(instance, fleet);
  if (members > 0) {
    return {
      unlisted: 'held',
      code: 'has_members',
      message: `${domain} is the own instance of an organization of which ${members} ${members === 1 ? 'instance is' : 'instances are'} there still`,
      advice: 'They go first. Submit the list again when they are gone.',
    };
  }
  if (facts.joined.has(firstLabel(domain))) {
    return {
      unlisted: 'held',
      code: 'has_members',
      message: `${domain} is the own instance of an organization to which rows of the list belong`,
      advice: 'It stays as long as there are such rows.',
    };
  }
  const dated = dateInTheWay(domain, facts.date);
  if (dated !== undefined) return { unlisted: 'held', ...dated };
  return judgeAge(domain, facts) ?? judgeChange(domain, facts) ?? { unlisted: 'prune' };
}

/** Why no row could have been about an instance, so that its being on no list says nothing; undefined where one could. */
export function heldAsUnnamed(
  { domain }: Pick<KnownInstance, 'domain'>,
  fleet: Pick<ListedFleet, 'withDomain'>,
): HeldRow | undefined {
  if (fleet.withDomain(domain).length > 1) {
    return {
      code: 'shared_name',
      message: `${domain} is the domain of another instance, too, written otherwise`,
      advice: 'Find out which of the documents in global/instances is right.',
    };
  }
  if (isWritable(domain)) return undefined;
  return {
    code: 'illegal_domain',
    message: `${JSON.stringify(domain)} is a domain that no row can be written with`,
    advice: 'Correct its document in global/instances, or destroy just it: cozy-fleet instances destroy.',
  };
}

/** Whether a row with that domain is read as one with just that domain. */
function isWritable(domain: string): boolean {
  try {
    return listedDomain(domain) === domain;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

/** How many others there are of the organization whose own instance it is: its first label is the `org_id`. */
function membersOf(instance: KnownInstance, fleet: Pick<ListedFleet, 'othersOf'>): number {
  return fleet.othersOf(firstLabel(instance.domain), instance).length;
}

/** Whether an instance was there when a list of that moment was begun, whoever's clock is right. */
export function isOld(createdAt: number | undefined, listTime: number): boolean {
  return createdAt !== undefined && createdAt < listTime - CLOCKS_MS;
}

function judgeAge(domain: string, { listTime, createdAt }: PruneFacts): UnlistedVerdict | undefined {
  if (isOld(createdAt, listTime)) return undefined;
  const isKnown = createdAt !== undefined;
  return {
    unlisted: 'held',
    code: 'too_young',
    message: isKnown
      ? `${domain} was made at ${new Date(createdAt).toISOString()}, and the list is of ${new Date(listTime).toISOString()}`
      : `nobody can tell when ${domain} was made`,
    advice: isKnown
      ? 'It is not removed for being on no list of before. Write the list again.'
      : 'See what is wrong with it: cozy-fleet instances fsck.',
  };
}

/** One that has changed may not have been what the list is of when it was written, so that its not being on it says nothing. */
function judgeChange(domain: string, { hasChanged }: PruneFacts): UnlistedVerdict | undefined {
  if (!hasChanged) return undefined;
  return {
    unlisted: 'held',
    code: 'changed_since_list',
    message: `${domain} has changed since the list was written, and may not have been one of those that belong on it`,
    advice:
      'Look at it. If it is to go, write the list again, by export --as-list, and take it off that one.',
  };
}
