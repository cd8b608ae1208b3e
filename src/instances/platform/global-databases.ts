import { isStatus } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { tryAgain } from '../../couchdb/try-again.ts';
import { GLOBAL_DATABASES, type GlobalDatabase } from '../databases/databases.ts';
import { mangoRequest, viewDesignDocument } from '../databases/design-documents.ts';
import { INSTANCES } from '../lookup/lookup.ts';
import { markFoundedHere } from './founding.ts';

/**
 * Makes what a stack makes at its start (`docs/cozy-data.md` §1.2): the global databases with their
 * indexes and the view that finds instances. Safe to repeat, beside a stack or another worker.
 *
 * The index `by-orgid` is made only along with `global/instances` itself: by it stacks of one number are told
 * from those of another (`platform-indexes.ts`), and ours would tell the wrong thing.
 */
export async function ensureGlobalDatabases(global: CouchServer, signal?: AbortSignal): Promise<void> {
  for (const each of GLOBAL_DATABASES) await tryAgain(() => ensureDatabase(global, each, signal), signal);
}

async function ensureDatabase(
  global: CouchServer,
  { database, mango, foundersMango = [], views }: GlobalDatabase,
  signal?: AbortSignal,
): Promise<void> {
  const isNew = (await global.createDatabase(database, signal, { shards: 'server' })) === 'created';
  if (database === INSTANCES && (isNew || (await isEmpty(global, signal))))
    await markFoundedHere(global, signal);
  // These first: a worker that looks in between must not take the others for an older stack's. Where the answer to our own
  // making of it was lost, they are left to the stacks: one may be about to make its own, and an older one has none.
  const indexes = isNew ? [...foundersMango, ...mango] : mango;
  for (const index of indexes) await global.createIndex(database, mangoRequest(index), signal);
  for (const view of views) {
    const design = viewDesignDocument(view);
    try {
      if ((await global.getDocument(database, design._id, signal)) === undefined) {
        await global.putDocument(database, { ...design }, signal);
      }
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
    }
  }
}

async function isEmpty(global: CouchServer, signal?: AbortSignal): Promise<boolean> {
  return (await global.allDocuments(INSTANCES, { limit: 1 }, signal)).length === 0;
}
