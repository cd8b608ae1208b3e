import pLimit from 'p-limit';
import type { CouchServer } from '../../src/couchdb/server.ts';
import { isPoolPrefix } from '../../src/instances/databases/pool-prefix.ts';
import { createPoolStore, POOL } from '../../src/instances/pool/pool-store.ts';
import { settleAll } from '../../src/settle-all.ts';
import { prefixesOf } from '../prefixes.ts';

/** Databases that are deleted at a time. */
const CONCURRENCY = 8;

/** What is measured as from the pool has to be. @throws for the first that is not */
export async function requirePooled(couch: CouchServer, domains: readonly string[]): Promise<void> {
  for (const [domain, prefix] of await prefixesOf(couch, domains)) {
    if (!isPoolPrefix(prefix)) throw new Error(`${domain} did not get its databases from the pool`);
  }
}

/**
 * Makes sure that nobody else has a pool on that server, whose items would be taken, or who would take ours.
 * @returns removes the items that are left of a fleet, once its workers have stopped, and the books where they were not there before
 */
export async function openBooks(couch: CouchServer, fleet: string): Promise<() => Promise<void>> {
  const store = createPoolStore(couch);
  const wereThere = await couch.databaseExists(POOL);
  const { items, unreadable } = await store.list();
  if (items.length + unreadable.length > 0) {
    throw new Error(
      `there is a pool on that server already: ${items.length + unreadable.length} items in ${POOL}`,
    );
  }
  const limit = pLimit(CONCURRENCY);
  return async () => {
    const left = await store.list();
    for (const item of left.items.filter((each) => each.fleet === fleet)) {
      const names = await couch.listDatabases(`${item.prefix}/`);
      await settleAll(names.map((name) => limit(() => couch.deleteDatabase(name))));
      await store.forget(item);
    }
    const after = await store.list();
    const isEmpty = after.items.length + after.unreadable.length === 0;
    if (!wereThere && isEmpty && (await couch.databaseExists(POOL))) await couch.deleteDatabase(POOL);
  };
}
