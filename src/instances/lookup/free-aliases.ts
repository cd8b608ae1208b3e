import type { CouchServer } from '../../couchdb/server.ts';
import type { StoredInstance } from '../documents/instance-document.ts';
import { Refusal } from '../errors.ts';
import { findByNames, findByOldDomain } from './lookup.ts';
import type { PrefixIndex } from './prefix-index.ts';
import { refuseUnreadableOwner } from './sharing.ts';

/** Where names are looked up. */
export interface NameLookup {
  /** The CouchDB of `couchdb.url`. */
  readonly global: CouchServer;
  readonly prefixIndex: PrefixIndex;
}

/**
 * Makes sure that an instance may have these aliases; those that it has already are fine.
 * @throws Refusal `taken`, `old_domain`, `unreadable`
 */
export async function assertAliasesFree(
  { global, prefixIndex }: NameLookup,
  instance: StoredInstance,
  aliases: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  if (aliases.length === 0) return;
  refuseUnreadableOwner(await prefixIndex.refresh(signal), aliases, instance._id);
  const [owners, moved] = await Promise.all([
    findByNames(global, aliases, signal),
    findByOldDomain(global, aliases, signal),
  ]);
  refuseTakenAliases(instance, aliases, owners, moved);
}

/**
 * The same where the names were looked up.
 * @param owners instances that answer to any of the aliases
 * @param moved instances of which any is the former domain
 * @throws Refusal `taken`, `old_domain`
 */
export function refuseTakenAliases(
  instance: StoredInstance,
  aliases: readonly string[],
  owners: readonly StoredInstance[],
  moved: readonly StoredInstance[],
): void {
  if (aliases.includes(instance.domain)) {
    throw new Refusal('taken', `the alias ${instance.domain} is the domain of the instance itself`);
  }
  const isOther = ({ _id }: StoredInstance) => _id !== instance._id;
  const owner = owners.find(isOther);
  if (owner !== undefined) {
    const name = aliases.find((each) => each === owner.domain || owner.domain_aliases?.includes(each));
    throw new Refusal(
      'taken',
      `${name ?? 'an alias'} is a name of the instance ${owner.domain}`,
      'Choose another name.',
    );
  }
  const former = moved.find(isOther);
  if (former !== undefined) {
    throw new Refusal(
      'old_domain',
      `${former.old_domain ?? ''} is the former domain of the instance ${former.domain}, which still answers for it`,
      'Choose another name.',
    );
  }
}
