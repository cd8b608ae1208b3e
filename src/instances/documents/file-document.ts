import type { DirectoryDocument } from './file-documents.ts';

/** What a stack finds out about some files by their content (`docs/cozy-data.md` §3.6). */
export type FileMetadata = Readonly<Record<string, unknown>> & { readonly extractor_version: 2 };

/** A file of `io.cozy.files`, without `_id`; what is empty is absent (`docs/cozy-data.md` §3.6). */
export interface FileDocument {
  readonly type: 'file';
  readonly name: string;
  readonly dir_id: string;
  /** ISO 8601, as are all times here. */
  readonly created_at: string;
  readonly updated_at: string;
  /** Bytes, as a decimal text. */
  readonly size: string;
  /** Base64. */
  readonly md5sum: string;
  readonly mime: string;
  readonly class: string;
  readonly executable: false;
  readonly trashed: false;
  readonly encrypted: false;
  readonly metadata?: FileMetadata;
  readonly cozyMetadata: DirectoryDocument['cozyMetadata'] & {
    readonly uploadedAt: string;
    /** The instance's URL, with a trailing slash. */
    readonly uploadedOn: string;
  };
}

/** A file that an instance is to get. */
export interface FirstFile {
  readonly name: string;
  readonly parentId: string;
  /** Bytes. */
  readonly size: number;
  /** Base64. */
  readonly md5: string;
  readonly mime: string;
  readonly class: string;
  readonly metadata: FileMetadata | undefined;
  /** When the picture was taken, in ISO 8601, by its EXIF data alone. */
  readonly takenAt: string | undefined;
  /** ISO 8601. */
  readonly now: string;
  /** The instance's URL, with a trailing slash. */
  readonly createdOn: string;
}

/** Cameras whose clock was never set say an earlier year: a stack does not believe them. */
const FIRST_YEAR = 1991;

/** The document that a stack writes for a file which is uploaded with nothing said about it. */
export function fileDocument(file: FirstFile): FileDocument {
  const { name, parentId, size, md5, mime, metadata, takenAt, now, createdOn } = file;
  const isDated = takenAt !== undefined && new Date(takenAt).getFullYear() >= FIRST_YEAR;
  const createdAt = isDated ? takenAt : now;
  return {
    type: 'file',
    name,
    dir_id: parentId,
    created_at: createdAt,
    updated_at: isDated && Date.parse(takenAt) > Date.parse(now) ? takenAt : now,
    size: String(size),
    md5sum: md5,
    mime,
    class: file.class,
    executable: false,
    trashed: false,
    encrypted: false,
    ...(metadata && { metadata }),
    cozyMetadata: {
      doctypeVersion: '1',
      metadataVersion: 1,
      createdAt: now,
      updatedAt: now,
      createdOn,
      uploadedAt: now,
      uploadedOn: createdOn,
    },
  };
}
