import pLimit from 'p-limit';
import type { CouchServer } from '../../src/couchdb/server.ts';
import { prefixOf, reservationId } from '../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { settleAll } from '../../src/settle-all.ts';

const CONCURRENCY = 8;

/** What says it has destroyed instances has to have done it. @throws for the first that is still there */
export async function requireGone(couch: CouchServer, domains: readonly string[]): Promise<void> {
  const limit = pLimit(CONCURRENCY);
  await settleAll(
    domains.map((domain) =>
      limit(async () => {
        const databases = await couch.listDatabases(`${prefixOf(domain)}/`);
        const document = await couch.getDocument(INSTANCES, reservationId(domain));
        if (databases.length === 0 && document === undefined) return;
        throw new Error(
          `${domain} was said to be destroyed, and is not: ${databases.length} databases are left`,
        );
      }),
    ),
  );
}
