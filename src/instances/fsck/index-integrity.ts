import { ROOT_ID, TRASH_ID } from '../documents/file-documents.ts';
import { entryFinding, missingDirectory, versionFinding } from './entry-finding.ts';
import type { FileTree } from './file-tree.ts';
import type { EntryFinding } from './findings.ts';
import { fileIdOf, type IndexEntry, type IndexedVersion } from './index-entry.ts';

export interface FileIndex {
  readonly tree: FileTree;
  /** Ids of the documents that have conflicting revisions. */
  readonly conflicts: ReadonlySet<string>;
  /** By id. */
  readonly versions: ReadonlyMap<string, IndexedVersion>;
}

/** What is wrong in the databases themselves, whatever the storage has (`docs/admin-api.md` §5). */
export function* indexFindings({ tree, conflicts, versions }: FileIndex): Generator<EntryFinding> {
  if (!tree.hasDirectory(ROOT_ID)) yield missingDirectory('index_missing_root');
  if (!tree.hasDirectory(TRASH_ID)) yield missingDirectory('index_missing_trash');
  const about = (type: EntryFinding['type'], entry: IndexEntry): EntryFinding =>
    entryFinding(type, entry, tree.pathOf(entry));
  for (const entry of tree.orphans()) yield about('index_orphan_tree', entry);
  for (const entry of tree.duplicates()) yield about('index_duplicate_name', entry);
  for (const entry of tree.all()) {
    if (conflicts.has(entry.id)) yield about('conflict_in_index', entry);
    yield* placeFindings(tree, entry);
  }
  for (const version of versions.values()) {
    if (!tree.hasFile(fileIdOf(version))) yield versionFinding('file_missing', version);
  }
}

function* placeFindings(tree: FileTree, entry: IndexEntry): Generator<EntryFinding> {
  const path = tree.pathOf(entry);
  if (entry.kind === 'file' && entry.storedPath !== undefined) {
    yield entryFinding('index_file_with_path', entry, path);
  }
  const place = tree.placeOf(entry);
  // It is not known where a lost tree belongs; that it is lost has been found above.
  if (place === undefined || !place.rooted || path === undefined) return;
  if (entry.kind === 'directory') {
    if (entry.storedPath !== path) {
      yield entryFinding('index_bad_fullpath', entry, path, { expected_fullpath: path });
    }
    return;
  }
  if (entry.trashed && !place.inTrash) yield entryFinding('trashed_not_in_trash', entry, path);
  if (!entry.trashed && place.inTrash) yield entryFinding('not_trashed_in_trash', entry, path);
}
