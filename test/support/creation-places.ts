import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { createDesignSource } from '../../src/instances/databases/design-source.ts';
import { prefixOf, reservationId } from '../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { ensureGlobalDatabases } from '../../src/instances/platform/global-databases.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { Cleanup } from './cleanup.ts';
import { type TriedCreation, triedCreation } from './creation-attempts.ts';
import { type HandPool, handPool } from './pool-items.ts';
import { startTestCouch } from './servers.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A CouchDB, a storage and the books of a pool, without any queue. */
export interface CreationPlaces {
  readonly server: CouchServer;
  /** The same, with credentials. */
  readonly couchUrl: string;
  readonly storage: Storage;
  readonly pool: HandPool;
  /** A creation of a domain that no other test has. @param fleet `fleet.prefix` */
  creation(name: string, fleet?: string): TriedCreation;
  close(): Promise<void>;
}

export async function startCreationPlaces(): Promise<CreationPlaces> {
  const cleanup = new Cleanup();
  const couch = cleanup.add(await startTestCouch(), (each) => each.close());
  const server = cleanup.add(connectCouch({ url: couch.url, connections: 16 }), (each) => each.close());
  const directory = cleanup.add(await temporaryDirectory('creation'), (each) => each.remove());
  const root = join(directory.path, 'storage');
  await mkdir(root);
  await ensureGlobalDatabases(server);
  const designs = createDesignSource();
  const storage = fileStorage(root);
  const pool = cleanup.add(handPool(server, { designs }), (each) => each.clear());
  const unique = randomBytes(4).toString('hex');
  const domains = new Set<string>();
  cleanup.add(domains, async () => {
    for (const domain of domains) {
      const found = await server.getDocument(INSTANCES, reservationId(domain));
      if (found !== undefined) await server.deleteDocument(INSTANCES, found._id, found._rev);
      for (const name of await server.listDatabases(`${prefixOf(domain)}/`)) {
        await server.deleteDatabase(name);
      }
    }
  });
  return {
    server,
    couchUrl: couch.url,
    storage,
    pool,
    creation(name, fleet = 'fleet') {
      const domain = `${name}-${unique}.example.org`;
      domains.add(domain);
      return triedCreation({ server, storage, designs, fleet }, { domain, email: `${name}@example.org` });
    },
    close: () => cleanup.run(),
  };
}
