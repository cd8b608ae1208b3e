import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CouchServer } from '../src/couchdb/server.ts';
import { reservationId } from '../src/instances/databases/prefix.ts';
import { INSTANCES } from '../src/instances/lookup/lookup.ts';
import { prefixesIn } from './prefixes.ts';

/** Removes instances that the benchmark itself made, from CouchDB and from its own storage. */
export async function removeInstances(
  couch: CouchServer,
  storageRoot: string,
  domains: readonly string[],
): Promise<void> {
  await Promise.all(domains.map((domain) => removeInstance(couch, storageRoot, domain)));
}

async function removeInstance(couch: CouchServer, storageRoot: string, domain: string): Promise<void> {
  const found = await couch.getDocument(INSTANCES, reservationId(domain));
  for (const prefix of prefixesIn(domain, found)) {
    const names = await couch.listDatabases(`${prefix}/`);
    await Promise.all(names.map((name) => couch.deleteDatabase(name)));
  }
  await rm(join(storageRoot, domain), { recursive: true, force: true });
  if (found !== undefined) await couch.deleteDocument(INSTANCES, found._id, found._rev);
}
