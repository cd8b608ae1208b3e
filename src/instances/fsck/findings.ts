import { databaseName } from '../databases/prefix.ts';

/** What can be wrong with the files of an instance, in the stack's names (`docs/admin-api.md` §5). */
export const FILE_FINDING_TYPES = [
  'index_missing_root',
  'index_missing_trash',
  /** A file or directory whose parent is not there, or whose parents go round in a circle. */
  'index_orphan_tree',
  /** A directory whose `path` is not where its parents say that it is. */
  'index_bad_fullpath',
  /** In CouchDB, not in the storage. */
  'filesystem_missing',
  /** In the storage, not in CouchDB. */
  'index_missing',
  /** A file on one side, something else on the other. */
  'type_mismatch',
  'content_mismatch',
  /** A version of a file that is not there. */
  'file_missing',
  /** A file with a `path`, which only directories have. */
  'index_file_with_path',
  'index_duplicate_name',
  /** Marked as trashed, and not in the trash. */
  'trashed_not_in_trash',
  /** In the trash, and not marked as trashed. */
  'not_trashed_in_trash',
  'conflict_in_index',
  /** Never found here: the thumbnails of a `file://` storage are not looked at. */
  'thumbnail_with_no_file',
] as const;

export type FileFindingType = (typeof FILE_FINDING_TYPES)[number];

/** What identifies a file, out of its document; without `_id` it is in the storage only. */
export interface FoundFile {
  readonly _id?: string;
  readonly type: 'file';
  readonly name: string;
  readonly dir_id?: string;
  /** Where it is, or what its document says where it says so; absent when nobody knows. */
  readonly path?: string;
  readonly size?: string;
  readonly md5sum?: string;
  readonly trashed?: true;
}

/** What identifies a directory, out of its document; without `_id` it is in the storage only. */
export interface FoundDirectory {
  readonly _id?: string;
  readonly type: 'directory';
  readonly name: string;
  readonly dir_id?: string;
  readonly path?: string;
}

/** What identifies an old version of a file; without `size` it is in the storage only. */
export interface FoundVersion {
  /** Id of the file, a slash, and the version's own. */
  readonly _id: string;
  readonly size?: string;
  readonly md5sum?: string;
}

/** Content that is not what its document says; sizes in bytes, digests in base64. */
export interface ContentMismatch {
  readonly size_file: number;
  /** Null when the document has none that makes sense. */
  readonly size_index: number | null;
  readonly md5sum_file: string;
  readonly md5sum_index: string | null;
}

/** One thing that is wrong, with the members of a line of the stack (`docs/admin-api.md` §5). */
export interface EntryFinding {
  readonly type: FileFindingType;
  readonly file_doc?: FoundFile;
  readonly dir_doc?: FoundDirectory;
  readonly version_doc?: FoundVersion;
  readonly is_file: boolean;
  readonly is_version: boolean;
  readonly content_mismatch?: ContentMismatch;
  readonly expected_fullpath?: string;
}

/** A database without which nothing can be said. */
export interface NoDatabase {
  readonly type: 'no_database';
  readonly error: string;
  readonly doctype: string;
  /** Its full name. */
  readonly database: string;
}

export type FileFinding = EntryFinding | NoDatabase;

/** The finding about a database that is missing. @param prefix what the names of its databases begin with */
export function noDatabase(prefix: string, doctype: string): NoDatabase {
  const database = databaseName(prefix, doctype);
  return { type: 'no_database', error: `database ${database} does not exist`, doctype, database };
}
