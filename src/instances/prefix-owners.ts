import type { CouchServer } from '../couchdb/server.ts';
import { allInstances } from './all-instances.ts';
import { findByPrefix, type StoredInstance } from './lookup.ts';
import { databasePrefix } from './prefix.ts';

/** An instance by id and domain. */
export type PrefixOwner = Pick<StoredInstance, '_id' | 'domain'>;

/** The other instances that have the prefix of this one. */
export type OthersWithPrefix = (instance: StoredInstance) => Promise<readonly PrefixOwner[]>;

/** Asks CouchDB for each instance: for a few of them. */
export function askForOthers(global: CouchServer, signal?: AbortSignal): OthersWithPrefix {
  return async ({ _id, prefix }) => {
    // Without a prefix of its own its databases are named by its domain, which `findByNames` compares.
    const owners = prefix ? await findByPrefix(global, prefix, signal) : [];
    return owners.filter((owner) => owner._id !== _id);
  };
}

/** Reads all instances once, at the first call: for many. Holds prefix, id and domain of each until then. */
export function readForOthers(global: CouchServer, signal?: AbortSignal): OthersWithPrefix {
  let reading: Promise<ReadonlyMap<string, readonly PrefixOwner[]>> | undefined;
  return async (instance) => {
    reading ??= sharedPrefixes(global, signal);
    const owners = (await reading).get(databasePrefix(instance)) ?? [];
    return owners.filter(({ _id }) => _id !== instance._id);
  };
}

/** The owners of every prefix that has more than one. */
async function sharedPrefixes(
  global: CouchServer,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, readonly PrefixOwner[]>> {
  const first = new Map<string, PrefixOwner>();
  const shared = new Map<string, PrefixOwner[]>();
  for await (const instance of allInstances(global, signal)) {
    const { _id, domain } = instance;
    const prefix = databasePrefix(instance);
    const before = first.get(prefix);
    if (before === undefined) first.set(prefix, { _id, domain });
    else shared.set(prefix, [...(shared.get(prefix) ?? [before]), { _id, domain }]);
  }
  return shared;
}
