import { randomUUID } from 'node:crypto';
import type { CouchServer } from '../../src/couchdb/server.ts';
import { DATABASES } from '../../src/instances/databases/databases.ts';
import { createDesignSource, type DesignSource } from '../../src/instances/databases/design-source.ts';
import { newPoolPrefix } from '../../src/instances/databases/pool-prefix.ts';
import { databaseName } from '../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { definitionsDigest, type PoolChange, type PoolItem } from '../../src/instances/pool/pool-item.ts';
import { createPoolStore, type PoolStore } from '../../src/instances/pool/pool-store.ts';

/** The books of a pool, and items that are made by a test's own hand. */
export interface HandPool {
  readonly store: PoolStore;
  /** Makes an item that is ready, unless told otherwise. */
  make(change?: Partial<PoolChange>): Promise<PoolItem>;
  /** Names of all databases of an item. */
  databases(prefix: string): Promise<string[]>;
  /**
   * Puts an item right whose job has ended, as whoever sweeps the pool does: first written that it goes, then looked
   * whether a document has its prefix.
   */
  sweep(prefix: string): Promise<void>;
  /** Takes all that the test has made from the server: items, and their databases. */
  clear(): Promise<void>;
}

export interface HandPoolOptions {
  /** `fleet.prefix` of whose items they are. */
  readonly fleet?: string;
  readonly designs?: DesignSource;
}

export function handPool(
  server: CouchServer,
  { fleet = 'fleet', designs = createDesignSource() }: HandPoolOptions = {},
): HandPool {
  const store = createPoolStore(server);
  const made = new Set<string>();
  return {
    store,
    async make(change = {}) {
      const prefix = newPoolPrefix();
      made.add(prefix);
      const all = await designs.of(server, AbortSignal.timeout(60_000));
      const definitions = definitionsDigest({ designs: all, q: undefined, n: undefined });
      const fields = { cluster: 0, definitions, fleet, job: randomUUID() };
      const filling = await store.add(prefix, { ...fields, state: 'filling' });
      await Promise.all(
        DATABASES.map(async ({ doctype }) => {
          const name = databaseName(prefix, doctype);
          await server.createDatabase(name);
          await server.bulkInsert(name, all.get(doctype) ?? []);
        }),
      );
      const item = await store.move(filling, { ...fields, state: 'ready', ...change });
      if (item === undefined) throw new Error(`the item ${prefix} was changed while it was made`);
      return item;
    },
    async sweep(prefix) {
      const item = await store.get(prefix);
      if (item === undefined || item.state === 'ready') return;
      const { rev: _rev, since: _since, ...fields } = item;
      const removing = await store.move(item, { ...fields, state: 'removing' });
      if (removing === undefined) return;
      const rows = await server.allDocuments(INSTANCES, { includeDocs: true });
      if (!rows.some(({ doc }) => doc?.['prefix'] === prefix)) {
        for (const name of await server.listDatabases(`${prefix}/`)) await server.deleteDatabase(name);
      }
      await store.forget(removing);
    },
    databases: (prefix) => server.listDatabases(`${prefix}/`),
    async clear() {
      for (const prefix of made) {
        const item = await store.get(prefix);
        if (item !== undefined) await store.forget(item);
        for (const name of await server.listDatabases(`${prefix}/`)) await server.deleteDatabase(name);
      }
    },
  };
}
