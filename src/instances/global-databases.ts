import { isStatus } from '../couchdb/errors.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { mangoRequest, viewDesignDocument } from './design-documents.ts';
import { GLOBAL_DATABASES } from './doctypes.ts';

/**
 * Makes what a stack makes at its start (`instance-data.md` §1.2): the global databases with their
 * indexes and the view that finds instances. Safe to repeat, beside a stack or another worker.
 */
export async function ensureGlobalDatabases(global: CouchServer, signal?: AbortSignal): Promise<void> {
  for (const { database, mango, views } of GLOBAL_DATABASES) {
    await global.createDatabase(database, signal);
    for (const index of mango) await global.createIndex(database, mangoRequest(index), signal);
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
}
