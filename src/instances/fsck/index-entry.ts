import type { CouchDocument } from '../../couchdb/documents.ts';

interface EntryBase {
  readonly id: string;
  /** Empty for the root, and where a document lacks it. */
  readonly name: string;
  /** Id of the directory it is in; empty for the root, and where a document lacks it. */
  readonly parentId: string;
  /** What its document has as `path`; a file should have none. */
  readonly storedPath: string | undefined;
}

/** What the check keeps of the document of a directory. */
export interface IndexedDirectory extends EntryBase {
  readonly kind: 'directory';
}

/** What the check keeps of anything whose content is in the storage. */
export interface IndexedContent {
  /** Bytes; undefined when the document has no number. */
  readonly size: number | undefined;
  /** Base64. */
  readonly md5sum: string | undefined;
}

/** What the check keeps of the document of a file. */
export interface IndexedFile extends EntryBase, IndexedContent {
  readonly kind: 'file';
  readonly trashed: boolean;
}

export type IndexEntry = IndexedDirectory | IndexedFile;

/** What the check keeps of an old version of a file. */
export interface IndexedVersion extends IndexedContent {
  /** Id of the file, a slash, and the version's own. */
  readonly id: string;
}

/**
 * What the check needs of a document of `io.cozy.files` (`docs/cozy-data.md` §3.4), read without any trust:
 * the check is there for documents that are wrong. Undefined for what is neither file nor directory.
 */
export function indexEntry(document: CouchDocument): IndexEntry | undefined {
  const base = {
    id: document._id,
    name: text(document['name']) ?? '',
    parentId: text(document['dir_id']) ?? '',
    storedPath: text(document['path']),
  };
  switch (document['type']) {
    case 'directory':
      return { kind: 'directory', ...base };
    case 'file':
      return { kind: 'file', ...base, ...content(document), trashed: document['trashed'] === true };
    default:
      return undefined;
  }
}

/** What the check needs of a document of `io.cozy.files.versions`. */
export function indexedVersion(document: CouchDocument): IndexedVersion {
  return { id: document._id, ...content(document) };
}

/** Id of the file that a version belongs to. */
export function fileIdOf({ id }: IndexedVersion): string {
  const slash = id.indexOf('/');
  return slash < 0 ? id : id.slice(0, slash);
}

function content(document: CouchDocument): IndexedContent {
  return { size: bytes(document['size']), md5sum: text(document['md5sum']) };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Sizes are stored as texts; a number is as good. */
function bytes(value: unknown): number | undefined {
  const wellFormed = typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value));
  return wellFormed ? Number(value) : undefined;
}
