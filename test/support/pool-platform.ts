import type { PoolConfig } from '../../src/config/config.ts';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { DATABASES } from '../../src/instances/databases/databases.ts';
import { createDesignSource, type DesignSource } from '../../src/instances/databases/design-source.ts';
import { newPoolPrefix } from '../../src/instances/databases/pool-prefix.ts';
import { databaseName } from '../../src/instances/databases/prefix.ts';
import { createPrefixIndex } from '../../src/instances/lookup/prefix-index.ts';
import type { PoolChange, PoolItem } from '../../src/instances/pool/pool-item.ts';
import { createPoolStore, type PoolStore } from '../../src/instances/pool/pool-store.ts';
import { createPool } from '../../src/workers/pool/create-pool.ts';
import type { Pool } from '../../src/workers/pool/pool.ts';
import { type SweepServices, type Swept, sweepPool } from '../../src/workers/pool/sweep-pool.ts';
import { startTestFleet, type TestFleet } from './fleet.ts';
import { silentLog } from './test-log.ts';

/** A fleet without a worker, and its pool, for tests that do by hand what workers do. */
export interface PoolPlatform {
  readonly fleet: TestFleet;
  readonly store: PoolStore;
  readonly pool: Pool;
  readonly designs: DesignSource;
  /** `fleet.prefix`, of these tests alone: a CouchDB may be shared. */
  readonly prefix: string;
  /** The items of these tests. */
  items(): Promise<PoolItem[]>;
  /** Writes an item into the books, with its databases where they are asked for. */
  put(change: Partial<PoolChange>, withDatabases?: boolean): Promise<PoolItem>;
  /** Names of the databases of an item. */
  databases(prefix: string): Promise<string[]>;
  /** Sweeps once. @param server by which CouchDB is asked; the fleet's where there is none */
  sweep(changes?: Partial<SweepServices>, server?: CouchServer): Promise<Swept>;
  /** Another client of the same CouchDB, by way of a proxy. */
  clientOf(url: string): CouchServer;
  close(): Promise<void>;
}

export const POOL_SETTINGS: PoolConfig = { size: 2, low: 1, reserve: 0 };

/** Definitions of items that are put by hand. */
export const DEFINITIONS = 'a'.repeat(32);

export async function startPoolPlatform(settings = POOL_SETTINGS): Promise<PoolPlatform> {
  const fleet = await startTestFleet({ worker: false });
  const { server } = fleet;
  const prefix = `pool-${fleet.domain('x').split('.')[0]}`;
  const store = createPoolStore(server);
  const designs = createDesignSource();
  const pool = createPool({
    ...{ store, fleet: prefix, settings, designs, q: undefined, n: undefined },
    cluster: () => server,
  });
  if (pool === undefined) throw new Error('the pool of a test has a size');
  const clients: CouchServer[] = [];

  const items = async () => (await store.list()).items.filter((item) => item.fleet === prefix);
  const databases = (of: string) => server.listDatabases(`${of}/`);

  return {
    ...{ fleet, store, pool, designs, prefix, items, databases },
    async put(change, withDatabases = true) {
      const about = { cluster: 0, definitions: DEFINITIONS, fleet: prefix, job: 'gone' };
      const item = await store.add(newPoolPrefix(), { state: 'filling', ...about, ...change });
      if (withDatabases) {
        for (const { doctype } of DATABASES) await server.createDatabase(databaseName(item.prefix, doctype));
      }
      return item;
    },
    async sweep(changes = {}, client = server) {
      const services = {
        global: client,
        clusters: [client],
        prefixIndex: createPrefixIndex(client),
        log: silentLog(),
      };
      const books = createPoolStore(client);
      const about = {
        services,
        store: books,
        fleet: fleet.fleet,
        prefix,
        signal: new AbortController().signal,
      };
      const decisions = { wanted: () => DEFINITIONS, standAside: async () => false };
      return await sweepPool({ ...about, ...decisions, ...changes }, await books.list());
    },
    clientOf(url) {
      const client = connectCouch({ url, connections: 4, timeout: 2_000, readTimeout: 2_000 });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) await client.close();
      for (const item of await items()) {
        for (const name of await databases(item.prefix)) await server.deleteDatabase(name);
        await store.forget(item);
      }
      await fleet.close();
    },
  };
}
