import * as z from 'zod';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import { everyDocument } from '../../couchdb/every-document.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { FILES } from '../../instances/databases/databases.ts';
import { databaseName } from '../../instances/databases/prefix.ts';
import type { FilesAround } from './judge-entries.ts';

const VERSIONS = 'io.cozy.files.versions';

/** What is read of a document; one that is otherwise counts as a name that is taken, where it has one. */
const entry = z.object({
  type: z.string().catch(''),
  dir_id: z.string().catch(''),
  name: z.string().catch(''),
  path: z.string().optional().catch(undefined),
  size: z.coerce.number().catch(0),
});

/** The files of an instance, and how much of its quota is used. */
export interface ReadFiles extends FilesAround {
  /** Bytes that a stack counts: files, those in the trash too, and their old versions. */
  readonly usedBytes: number;
}

/** Whose files are read. */
export interface FilesPlace {
  readonly server: CouchServer;
  /** Of the names of its databases. */
  readonly prefix: string;
  readonly signal: AbortSignal;
}

/**
 * Reads all files of an instance that has just come into use, or nearly so: no view has to be made for it, as the stack's own
 * look at names would.
 * @param ids of documents of which it is to be known whether they were deleted
 * @param countsVersions whether old versions count: only where there is a quota
 * @throws CouchError
 */
export async function readFilesAround(
  { server, prefix, signal }: FilesPlace,
  ids: readonly string[],
  countsVersions: boolean,
): Promise<ReadFiles> {
  const database = databaseName(prefix, FILES);
  const known = new Set<string>();
  const directories = new Map<string, string>();
  const kinds = new Map<string, 'directory' | 'file'>();
  const directoryIds = new Map<string, string>();
  let usedBytes = 0;
  for await (const document of everyDocument(server, database, signal)) {
    const { type, dir_id: parentId, name, path, size } = entry.parse(document);
    const key = keyOf(parentId, name);
    known.add(document._id);
    kinds.set(key, type === 'directory' ? 'directory' : 'file');
    if (type === 'file') usedBytes += size;
    if (type !== 'directory' || path === undefined) continue;
    directories.set(document._id, path);
    directoryIds.set(key, document._id);
  }
  if (countsVersions) usedBytes += await bytesOfVersions({ server, prefix, signal });
  const missing = ids.filter((id) => !known.has(id));
  const rows = missing.length === 0 ? [] : await server.allDocuments(database, { keys: missing }, signal);
  // Of a document that was deleted CouchDB says so; of one that never was, that it is not found.
  const deleted = new Set(missing.filter((_, at) => rows[at]?.error === undefined));
  return {
    directories,
    kindAt: (directoryId, name) => kinds.get(keyOf(directoryId, name)),
    has: (id) => known.has(id),
    wasDeleted: (id) => deleted.has(id),
    directoryIn: (directoryId, name) => directoryIds.get(keyOf(directoryId, name)),
    usedBytes,
  };
}

async function bytesOfVersions({ server, prefix, signal }: FilesPlace): Promise<number> {
  let bytes = 0;
  const counted = unlessNoDatabase(
    (async () => {
      for await (const version of everyDocument(server, databaseName(prefix, VERSIONS), signal)) {
        bytes += entry.parse(version).size;
      }
    })(),
  );
  await counted;
  return bytes;
}

/** Names that differ by their normalization alone are one to CouchDB's views, and so to a stack. */
function keyOf(directoryId: string, name: string): string {
  return `${directoryId} ${name.normalize('NFC')}`;
}
