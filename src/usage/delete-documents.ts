import { CouchError } from '../couchdb/errors.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { type ExistingInstance, readExisting } from '../instances/change/existing-instance.ts';

/** A document in the revision in which it was read. */
export interface SeenDocument {
  readonly _id: string;
  readonly _rev: string;
}

/** Documents that are deleted in one request. */
const AT_A_TIME = 500;

/**
 * Deletes documents of an instance, each in the revision that was seen: what somebody has written since stays. The
 * instance is read, and its guard asked, before each request.
 *
 * @returns how many went
 * @throws CouchError where CouchDB refuses one for another reason; Refusal, and what the guard throws
 */
export async function deleteDocuments(
  existing: ExistingInstance,
  { server, database }: { readonly server: CouchServer; readonly database: string },
  documents: readonly SeenDocument[],
): Promise<number> {
  let gone = 0;
  for (let at = 0; at < documents.length; at += AT_A_TIME) {
    const page = documents.slice(at, at + AT_A_TIME);
    await readExisting(existing);
    const deleted = page.map(({ _id, _rev }) => ({ _id, _rev, _deleted: true }));
    for (const { id, error, reason = '' } of await server.bulkInsert(database, deleted, existing.signal)) {
      if (error === undefined) gone += 1;
      else if (error !== 'conflict') {
        throw new CouchError(server.host, `deleting ${id} of ${database}`, { status: 500, error, reason });
      }
    }
  }
  return gone;
}
