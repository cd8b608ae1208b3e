import { unlessNoDatabase } from '../../couchdb/errors.ts';
import { everyDocument } from '../../couchdb/every-document.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import type { Storage } from '../../storage/storage.ts';
import { FILES } from '../databases/databases.ts';
import { databaseName, databasePrefix } from '../databases/prefix.ts';
import { ROOT_ID, TRASH_ID, TRASH_NAME } from '../documents/file-documents.ts';
import type { InstanceDocument } from '../documents/instance-document.ts';
import { FileTree } from './file-tree.ts';
import { storageFindings } from './files-consistency.ts';
import { type FileFinding, noDatabase } from './findings.ts';
import { type IndexEntry, type IndexedVersion, indexEntry, indexedVersion } from './index-entry.ts';
import { indexFindings } from './index-integrity.ts';

const VERSIONS = 'io.cozy.files.versions';

export interface CheckedInstance {
  /** The cluster that has the instance's databases. */
  readonly server: CouchServer;
  readonly storage: Storage;
  readonly instance: Pick<InstanceDocument, 'domain' | 'prefix'>;
  readonly signal?: AbortSignal | undefined;
}

/** Which of the two halves of the check are wanted. */
export interface FileChecks {
  /** Whether the databases agree with themselves. */
  readonly index: boolean;
  /** Whether the storage agrees with the databases. */
  readonly files: boolean;
  /** Whether every file is read for that; when absent, it is. */
  readonly contents?: boolean;
}

/**
 * Checks the files of an instance as the stack's `check fs` does (`docs/admin-api.md` §5), and changes
 * nothing. Findings come as they are made: a caller that wants only the first stops there, and nothing more is
 * read. On an instance in use, what changes between two looks may come up as a finding.
 *
 * @throws CouchError, StorageError, or the signal's reason when aborted
 */
export async function* checkFiles(
  { server, storage, instance, signal }: CheckedInstance,
  { index, files, contents = true }: FileChecks,
): AsyncGenerator<FileFinding, void, undefined> {
  const prefix = databasePrefix(instance);
  const nameOf = (doctype: string): string => databaseName(prefix, doctype);
  const indexed = await unlessNoDatabase(readFiles(server, nameOf(FILES), signal));
  if (indexed === undefined) yield noDatabase(prefix, FILES);
  const versions = await unlessNoDatabase(readVersions(server, nameOf(VERSIONS), signal));
  if (versions === undefined) yield noDatabase(prefix, VERSIONS);
  if (indexed === undefined) return;

  const { tree, conflicts } = indexed;
  if (index) yield* indexFindings({ tree, conflicts, versions: versions ?? new Map() });
  if (files) {
    const reported = new Set(index ? undocumented(tree) : []);
    yield* storageFindings({ storage, domain: instance.domain, tree, versions, reported, contents, signal });
  }
}

async function readFiles(
  server: CouchServer,
  database: string,
  signal: AbortSignal | undefined,
): Promise<{ tree: FileTree; conflicts: Set<string> }> {
  const entries = new Map<string, IndexEntry>();
  const conflicts = new Set<string>();
  for await (const document of everyDocument(server, database, signal)) {
    const entry = indexEntry(document);
    if (entry === undefined) continue;
    entries.set(entry.id, entry);
    if (document['_conflicts'] !== undefined) conflicts.add(entry.id);
  }
  return { tree: new FileTree(entries), conflicts };
}

async function readVersions(
  server: CouchServer,
  database: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, IndexedVersion>> {
  const versions = new Map<string, IndexedVersion>();
  for await (const document of everyDocument(server, database, signal)) {
    versions.set(document._id, indexedVersion(document));
  }
  return versions;
}

/** Paths of root and trash, as far as their documents are missing. */
function undocumented(tree: FileTree): string[] {
  return [
    ...(tree.hasDirectory(ROOT_ID) ? [] : ['/']),
    ...(tree.hasDirectory(TRASH_ID) ? [] : [`/${TRASH_NAME}`]),
  ];
}
