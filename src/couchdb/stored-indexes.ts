import { randomBytes } from 'node:crypto';
import type { CouchDocument } from './documents.ts';
import type { CouchServer } from './server.ts';
import { tryAgain } from './try-again.ts';

/** A Mango index as it is asked for; `name` is the design document's, without `_design/`. */
export interface IndexRequest {
  /** Database it belongs to, without the instance's prefix. */
  readonly database: string;
  /** Body of `POST /<db>/_index` (`docs/cozy-data.md` §1.3). */
  readonly body: object;
}

/** Begins the name of the databases in which definitions are read; never an instance's prefix. */
const SCRATCH = 'cozy-fleet/scratch-';

/** A scratch database older than this was left by a process that died, in milliseconds. */
const SCRATCH_LIFETIME_MS = 10 * 60_000;

/**
 * What this server stores for each Mango index, by database, in the order asked.
 *
 * CouchDB derives the view's name from the definition in a way that is its own, and
 * `POST _index` for each index of each instance would be 22 read-modify-writes. So the definitions
 * are posted once, into a scratch database per database asked for, and what was stored is read
 * back: written with `_bulk_docs` it gets the same revision, and `_index` answers `exists`
 * (`ARCHITECTURE.md` §2).
 */
export async function readStoredIndexes(
  server: CouchServer,
  requests: readonly IndexRequest[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly CouchDocument[]>> {
  await removeAbandoned(server, signal);
  const scratch = `${SCRATCH}${Date.now()}-${randomBytes(4).toString('hex')}`;
  const ids: string[] = [];
  try {
    await server.createDatabase(scratch, signal);
    for (const { body } of requests) ids.push((await server.createIndex(scratch, body, signal)).id);
    const rows = await server.allDocuments(scratch, { keys: ids, includeDocs: true }, signal);
    return byDatabase(
      requests,
      rows.map(({ doc }) => doc),
    );
  } finally {
    // No other process has its name, so that it may be deleted as often as it takes; what is still left is abandoned.
    await tryAgain(() => server.deleteDatabase(scratch)).catch(() => undefined);
  }
}

function byDatabase(
  requests: readonly IndexRequest[],
  stored: readonly (CouchDocument | null | undefined)[],
): Map<string, CouchDocument[]> {
  const documents = new Map<string, CouchDocument[]>();
  requests.forEach(({ database }, at) => {
    const found = stored[at];
    if (found === null || found === undefined) throw new Error(`index ${at} of ${database} was not stored`);
    const { _rev, ...definition } = found;
    documents.set(database, [...(documents.get(database) ?? []), definition]);
  });
  return documents;
}

async function removeAbandoned(server: CouchServer, signal?: AbortSignal): Promise<void> {
  for (const name of await server.listDatabases(SCRATCH, signal)) {
    const made = Number(name.slice(SCRATCH.length).split('-')[0]);
    if (Date.now() - made > SCRATCH_LIFETIME_MS) await server.deleteDatabase(name, signal);
  }
}
