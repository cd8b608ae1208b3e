import type { CouchServer } from '../../src/couchdb/server.ts';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { ROOT_ID } from '../../src/instances/documents/file-documents.ts';
import { LOGINS } from '../../src/usage/last-activity.ts';

/** What became of an instance in use. */
export interface Use {
  /** When its root directory says that it was made. */
  readonly madeAt?: string;
  /** Times of logins. */
  readonly logins?: readonly string[];
  /** Bytes of files that it gets. */
  readonly files?: readonly number[];
  /** Bytes of former versions of files. */
  readonly versions?: readonly number[];
}

const FILES = 'io.cozy.files';

/** Writes into the databases of an instance what its owner, or time, would leave there. */
export async function useInstance(server: CouchServer, domain: string, use: Use): Promise<void> {
  const { madeAt, logins = [], files = [], versions = [] } = use;
  const database = (doctype: string) => databaseName(prefixOf(domain), doctype);
  if (madeAt !== undefined) {
    const root = await server.getDocument(database(FILES), ROOT_ID);
    if (root === undefined) throw new Error(`${domain} has no root directory`);
    await server.putDocument(database(FILES), { ...root, created_at: madeAt });
  }
  const put = async (doctype: string, documents: readonly object[]): Promise<void> => {
    const named = documents.map((each, at) => ({ ...each, _id: `${doctype}-${at}-${Math.random()}` }));
    if (named.length > 0) await server.bulkInsert(database(doctype), named);
  };
  await put(
    LOGINS,
    logins.map((created_at) => ({ created_at, os: '', browser: '', ip: '' })),
  );
  await put(
    FILES,
    files.map((size, at) => ({
      type: 'file',
      name: `${at}.txt`,
      dir_id: ROOT_ID,
      size: String(size),
      trashed: false,
    })),
  );
  await put(
    'io.cozy.files.versions',
    versions.map((size) => ({ size: String(size) })),
  );
}
