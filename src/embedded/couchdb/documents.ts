import { CouchError, conflict, toCouchError } from './couch-error.ts';
import type { KeyedQueue } from './keyed-queue.ts';
import type { JsonObject, Pouch, StoredDocument, WriteRow } from './pouch-types.ts';

const LOCAL = '_local/';

/** CouchDB puts `_id` and `_rev` first; clients print it so. */
export function present(document: StoredDocument): JsonObject {
  const { _id, _rev, ...rest } = document;
  return { _id, _rev, ...rest };
}

/**
 * The document as it is stored under `id`. The order of keys goes into PouchDB's revision hash:
 * with `_id` always first, a copy of a document has the revision of the original.
 */
export function storable(id: string, document: JsonObject, rev?: string): JsonObject {
  const { _id, _rev, ...rest } = document;
  const revision = rev ?? _rev;
  return { _id: id, ...(revision === undefined ? {} : { _rev: revision }), ...rest };
}

/** Writes documents; the rows answer in CouchDB's words, in the order of the documents. */
export async function writeAll(pouch: Pouch, docs: JsonObject[], newEdits = true): Promise<JsonObject[]> {
  const rows = await pouch.bulkDocs({ docs }, { new_edits: newEdits });
  return rows.map(presentRow);
}

/** Writes one document and answers its row, or throws what is wrong with it. */
export async function writeOne(pouch: Pouch, document: JsonObject): Promise<WriteRow & { rev: string }> {
  const [row] = await pouch.bulkDocs({ docs: [document] }, { new_edits: true });
  if (row?.rev === undefined || row.error) throw toCouchError(row);
  return { ok: true, id: row.id, rev: row.rev };
}

/** Writes a `_local` document: the last one wins whatever its revision, as in CouchDB. */
export async function writeLocal(
  pouch: Pouch,
  id: string,
  document: JsonObject,
  order: KeyedQueue,
  key: string,
): Promise<WriteRow & { rev: string }> {
  return await order.run(key, async () => {
    const present = await current(pouch, id);
    const { _rev, ...rest } = document;
    return await writeOne(pouch, storable(id, rest, present?._rev));
  });
}

/** Deletes a document, which takes its revision; 404 when there is none, 409 when it has moved on. */
export async function removeDocument(
  pouch: Pouch,
  id: string,
  rev: string | undefined,
): Promise<WriteRow & { rev: string }> {
  const found = await pouch.get(id);
  const revision = id.startsWith(LOCAL) ? found._rev : rev;
  if (revision === undefined) throw conflict();
  return await writeOne(pouch, { _id: id, _rev: revision, _deleted: true });
}

/** Some documents by id, each with what is wrong with it where something is. */
export async function readMany(pouch: Pouch, requests: readonly JsonObject[]): Promise<JsonObject[]> {
  return await Promise.all(
    requests.map(async ({ id, rev }) => {
      if (typeof id !== 'string') throw new CouchError(400, 'bad_request', 'document id missing');
      try {
        const document = await pouch.get(id, typeof rev === 'string' ? { rev } : {});
        return { id, docs: [{ ok: present(document) }] };
      } catch (thrown) {
        const { error, reason } = toCouchError(thrown);
        return { id, docs: [{ error: { id, rev: rev ?? 'undefined', error, reason } }] };
      }
    }),
  );
}

/** Whether the id is of the kind that is not replicated. */
export function isLocal(id: string): boolean {
  return id.startsWith(LOCAL);
}

/** The document as it is now, or undefined. */
export async function current(pouch: Pouch, id: string): Promise<StoredDocument | undefined> {
  try {
    return await pouch.get(id);
  } catch (thrown) {
    if (toCouchError(thrown).status === 404) return undefined;
    throw thrown;
  }
}

function presentRow(row: WriteRow): JsonObject {
  if (!row.error) return { ok: true, id: row.id, rev: row.rev };
  const { error, reason } = toCouchError(row);
  return { id: row.id, error, reason };
}
