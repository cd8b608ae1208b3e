import { defined } from '../../defined.ts';
import type { EntryFinding, FileFindingType, FoundDirectory, FoundFile, FoundVersion } from './findings.ts';
import type {
  IndexEntry,
  IndexedContent,
  IndexedDirectory,
  IndexedFile,
  IndexedVersion,
} from './index-entry.ts';

type Extras = Pick<EntryFinding, 'content_mismatch' | 'expected_fullpath'>;

/**
 * A finding about an indexed file or directory.
 *
 * @param path where a file is, which its document does not say; undefined when that is not known
 */
export function entryFinding(
  type: FileFindingType,
  entry: IndexEntry,
  path?: string,
  extras: Extras = {},
): EntryFinding {
  return entry.kind === 'file'
    ? { type, file_doc: foundFile(entry, path), is_file: true, is_version: false, ...extras }
    : { type, dir_doc: foundDirectory(entry), is_file: false, is_version: false, ...extras };
}

/** A finding about an indexed version. */
export function versionFinding(
  type: FileFindingType,
  version: IndexedVersion,
  extras: Extras = {},
): EntryFinding {
  const version_doc: FoundVersion = { _id: version.id, ...foundContent(version) };
  return { type, version_doc, is_file: false, is_version: true, ...extras };
}

/** The finding about a root or trash without document. */
export function missingDirectory(type: 'index_missing_root' | 'index_missing_trash'): EntryFinding {
  return { type, is_file: false, is_version: false };
}

function foundFile(file: IndexedFile, place: string | undefined): FoundFile {
  const path = file.storedPath ?? place;
  return {
    _id: file.id,
    type: 'file',
    name: file.name,
    dir_id: file.parentId,
    ...defined({ path }),
    ...foundContent(file),
    ...(file.trashed ? { trashed: true } : {}),
  };
}

function foundDirectory({ id, name, parentId, storedPath }: IndexedDirectory): FoundDirectory {
  return { _id: id, type: 'directory', name, dir_id: parentId, ...defined({ path: storedPath }) };
}

function foundContent({ size, md5sum }: IndexedContent): Pick<FoundFile, 'size' | 'md5sum'> {
  return defined({ size: size?.toString(), md5sum });
}
