import { Args } from '@oclif/core';
import { unlessNoDatabase } from '../couchdb/errors.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { FleetError } from '../errors.ts';
import { normaliseDomain } from '../instances/domain.ts';
import { findByNames, type StoredInstance } from '../instances/lookup.ts';

/** The argument by which an instance that exists is named. */
export const instanceArg = Args.string({
  ignoreStdin: true,
  description: 'Domain of the instance, with its port if it has one, or one of its aliases',
  required: true,
});

/**
 * The instance that answers to a name, as domain or as alias.
 * @param name as typed
 * @throws InputError `illegal_domain`
 * @throws FleetError `not_found`, in the stack's words (`cli-and-admin-api.md` §2.7)
 */
export async function findInstance(global: CouchServer, name: string): Promise<StoredInstance> {
  // What exists may come from a time of other rules about subdomains.
  const domain = normaliseDomain(name, 'nested');
  // A CouchDB on which nothing was made yet has no `global/instances`.
  const found = (await unlessNoDatabase(findByNames(global, [domain]))) ?? [];
  const instance = found.find((each) => each.domain === domain) ?? found[0];
  if (instance !== undefined) return instance;
  throw new FleetError(
    'not_found',
    'Not Found: Instance not found',
    `No instance has ${domain} as its domain or as an alias.`,
  );
}
