import type { CouchServer } from '../../src/couchdb/server.ts';
import type { InstanceDocument } from '../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { ensureGlobalDatabases } from '../../src/instances/platform/global-databases.ts';

/** Writes documents of `global/instances` as a stack would, in this order when they are listed. */
export async function putInstances(
  server: CouchServer,
  instances: readonly (Partial<InstanceDocument> & { readonly domain: string })[],
): Promise<void> {
  await ensureGlobalDatabases(server);
  const documents = instances.map((instance, at) => ({
    _id: at.toString(16).padStart(32, '0'),
    locale: 'en',
    password_defined: false,
    indexes_version: 38,
    session_secret: 'c2Vzc2lvbg==',
    oauth_secret: 'b2F1dGg=',
    cli_secret: 'Y2xp',
    ...instance,
  }));
  await server.bulkInsert(INSTANCES, documents);
}
