import pLimit from 'p-limit';
import type { CouchServer } from '../../src/couchdb/server.ts';
import { reservationId } from '../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { settleAll } from '../../src/settle-all.ts';

const CONCURRENCY = 8;

/**
 * What says it has destroyed instances has to have done it.
 * @param prefixes what they had, by domain
 * @throws for the first that is still there
 */
export async function requireGone(couch: CouchServer, prefixes: ReadonlyMap<string, string>): Promise<void> {
  const limit = pLimit(CONCURRENCY);
  await settleAll(
    [...prefixes].map(([domain, prefix]) =>
      limit(async () => {
        const databases = await couch.listDatabases(`${prefix}/`);
        const document = await couch.getDocument(INSTANCES, reservationId(domain));
        if (databases.length === 0 && document === undefined) return;
        throw new Error(
          `${domain} was said to be destroyed, and is not: ${databases.length} databases are left`,
        );
      }),
    ),
  );
}
