import { databaseName } from '../databases/prefix.ts';
import type { Unreadable } from '../lookup/classify-document.ts';
import type { OwningField } from '../lookup/readings.ts';

/** What can be wrong with the files of an instance, in the stack's names (`docs/admin-api.md` §5). */
const FILE_FINDING_TYPES = [
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
  /** Where it is, or what its document says where it says so; absent when that is not known. */
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

/** A design document without which a stack answers wrongly or slowly (`docs/cozy-data.md` §1.5). */
export interface DesignFinding {
  readonly type: 'missing_design_document' | 'differing_design_document';
  readonly doctype: string;
  /** Full name of the database. */
  readonly database: string;
  /** Its `_id`. */
  readonly design: string;
}

/** The settings are not in their database. */
export interface MissingSettings {
  readonly type: 'missing_settings';
  readonly database: string;
}

/** The instance is said to have other indexes than stacks of the platform make (`docs/cozy-data.md` §1.6). */
export interface WrongIndexesVersion {
  readonly type: 'wrong_indexes_version';
  /** Null when the document has none. */
  readonly found: number | null;
  readonly expected: number;
}

/** Its prefix comes from another domain, as that of an instance that was renamed; nothing is wrong with it. */
export interface RenamedInstance {
  readonly type: 'renamed_instance';
  readonly prefix: string;
}

/** A document of `global/instances` that could mean the same, by any reading. */
export interface OtherInstance {
  readonly _id: string;
  /** Empty where it has none that can be read. */
  readonly domain: string;
  /** The field by which it could. */
  readonly field: OwningField;
}

/** Another document could mean the same databases. */
export interface SharedPrefix {
  readonly type: 'shared_prefix';
  readonly prefix: string;
  readonly other: OtherInstance;
}

/** Another document could mean the same names, and a stack takes either. */
export interface SharedName {
  readonly type: 'shared_name';
  readonly names: readonly string[];
  readonly other: OtherInstance;
}

/** No job goes on with what is half made or half removed. */
export interface WithoutJob {
  readonly type: 'reservation_without_job' | 'deleting_without_job';
  /** Names of the fields that another program wrote into a reservation meanwhile; absent where there are none. */
  readonly written?: readonly string[];
}

/** In use by all it has, but still blocked as if it were being made: no job will ever unblock it. */
export interface BlockedAsReservation {
  readonly type: 'blocked_as_reservation';
}

/** Its document names a CouchDB cluster that is not configured, so that its databases cannot be looked for. */
export interface WrongCluster {
  readonly type: 'wrong_cluster';
  readonly couch_cluster: number;
}

/** A document of `global/instances` that cannot be read: what it means, and what it owns, is not known. */
export interface UnreadableDocument {
  readonly type: 'unreadable_document';
  /** Its `_id`. */
  readonly id: string;
  readonly field: string;
  readonly problem: string;
}

export function unreadableDocument({ _id: id, field, problem }: Unreadable): UnreadableDocument {
  return { type: 'unreadable_document', id, field, problem };
}

/** Its check was refused, as where its domain cannot be the name of a directory; nothing more was looked at. */
export interface NotChecked {
  readonly type: 'not_checked';
  /** Of the refusal. */
  readonly code: string;
  readonly problem: string;
}

/** What can be wrong with an instance besides its files. */
export type InstanceFinding =
  | NoDatabase
  | DesignFinding
  | MissingSettings
  | WrongIndexesVersion
  | RenamedInstance
  | SharedPrefix
  | SharedName
  | WithoutJob
  | BlockedAsReservation
  | WrongCluster
  | UnreadableDocument
  | NotChecked;

/** Databases of a prefix that no instance has, on one cluster. */
export interface OrphanDatabases {
  readonly type: 'orphan_databases';
  readonly prefix: string;
  /** Host and port of the cluster they are on. */
  readonly host: string;
  /** Full names, in byte order. */
  readonly databases: readonly string[];
}

/** A directory beside those of the instances. */
export interface OrphanFolder {
  /** `orphan_folder` was an instance's; a `foreign_folder` is not, and never to be deleted. */
  readonly type: 'orphan_folder' | 'foreign_folder';
  readonly folder: string;
}

/** What belongs to no instance. */
export type OrphanFinding = OrphanDatabases | OrphanFolder;

/** One thing that is wrong, with an instance or beside all of them. */
export type Finding = FileFinding | InstanceFinding | OrphanFinding;

/**
 * A finding as one line of JSON, without its line feed: the stack's members, then ours.
 * @param domain of the instance it is about; orphans have none
 */
export function findingLine(finding: Finding, domain?: string): string {
  return JSON.stringify(domain === undefined ? finding : { ...finding, domain });
}

/**
 * Whether anything is wrong. An instance that was renamed by hand, as in a domain migration, is only good to
 * know of; so is one that a newer stack made, whose indexes that stack looks after (`docs/cozy-data.md` §1.6).
 */
export function isSerious(finding: Finding): boolean {
  return finding.type !== 'renamed_instance' && !isOfNewerStack(finding);
}

/** Whether an instance has the indexes of a newer stack, which we do not know. */
function isOfNewerStack(finding: Finding): boolean {
  return (
    finding.type === 'wrong_indexes_version' && finding.found !== null && finding.found > finding.expected
  );
}

/** Whether an instance has the indexes of an older stack, or it is not known which. */
export function isOfOlderStack(finding: Finding): boolean {
  return finding.type === 'wrong_indexes_version' && !isOfNewerStack(finding);
}
