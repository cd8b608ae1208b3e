import type { Storage } from '../../storage/storage.ts';
import type { PossibleOwners } from '../lookup/owner-index.ts';

/**
 * An instance with databases from the pool whose directory is not in the storage. Somebody may have renamed it by hand, and
 * nothing tells what it was called: so any directory could be its own. Where the prefix follows from a domain, that
 * tells it (`ofDirectory`).
 * @returns its domain; undefined where there is none
 */
export async function pooledWithoutFolder(
  owners: PossibleOwners,
  storage: Pick<Storage, 'list'>,
): Promise<string | undefined> {
  const left = new Set(owners.pooled());
  if (left.size === 0) return undefined;
  for await (const name of storage.list()) left.delete(name);
  const [first] = left;
  return first;
}
