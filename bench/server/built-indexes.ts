import pLimit from 'p-limit';
import { z } from 'zod';
import { DATABASES } from '../../src/instances/databases/databases.ts';
import { databaseName } from '../../src/instances/databases/prefix.ts';
import { settleAll } from '../../src/settle-all.ts';
import type { RawHttp } from '../raw/raw-http.ts';

/** Queries at a time. */
const CONCURRENCY = 8;

const designRows = z.object({
  rows: z.array(z.object({ doc: z.object({ _id: z.string(), views: z.record(z.string(), z.unknown()) }) })),
});

/**
 * Asks each index of the instances with these prefixes for a row, which CouchDB answers once it is built: what one has in use has all of
 * them, and a database with indexes takes longer to delete. Where they are built already it costs little.
 * @throws when a database is not there
 */
export async function buildIndexes(http: RawHttp, prefixes: Iterable<string>): Promise<void> {
  const limit = pLimit(CONCURRENCY);
  const databases = [...prefixes].flatMap((prefix) =>
    DATABASES.map(({ doctype }) => `/${encodeURIComponent(databaseName(prefix, doctype))}`),
  );
  await settleAll(databases.map((database) => limit(() => buildOf(http, database))));
}

async function buildOf(http: RawHttp, database: string): Promise<void> {
  const range = 'startkey=%22_design%2F%22&endkey=%22_design0%22';
  const body = await http.send('GET', `${database}/_all_docs?${range}&include_docs=true`);
  for (const { doc } of designRows.parse(JSON.parse(body)).rows) {
    // All views of a design document are one index. Those of Mango answer here as well.
    const [view] = Object.keys(doc.views);
    if (view === undefined) continue;
    await http.send('GET', `${database}/${doc._id}/_view/${encodeURIComponent(view)}?limit=1&reduce=false`);
  }
}
