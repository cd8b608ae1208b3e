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
  fleet: Pick<ListedFleet, 'othersOf'>,
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
  const members = membersOf(instance, fleet);
  if (members > 0) {
    return {
      unlisted: 'held',
      code: 'has_members',
      message: `${domain} is the own instance of an organization of which ${members} ${members === 1 ? 'instance is' : 'instances are'} there still`,
      advice: 'They go first. Submit the list again when they are gone.',
    };
  }
  return judgeAge(domain, facts) ?? { unlisted: 'prune' };
}

/** How many others there are of the organization whose own instance it is: its first label is the `org_id`. */
function membersOf(instance: KnownInstance, fleet: Pick<ListedFleet, 'othersOf'>): number {
  const [label = ''] = instance.domain.split('.', 1);
  return fleet.othersOf(label, instance).length;
}

function judgeAge(domain: string, { listTime, createdAt }: PruneFacts): UnlistedVerdict | undefined {
  if (createdAt !== undefined && createdAt < listTime - CLOCKS_MS) return undefined;
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
