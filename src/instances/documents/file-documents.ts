export const ROOT_ID = 'io.cozy.files.root-dir';
export const TRASH_ID = 'io.cozy.files.trash-dir';
/** Name of the trash in every locale. */
export const TRASH_NAME = '.cozy_trash';

/** A link from a file or directory to the document that uses it. */
export interface Reference {
  readonly id: string;
  readonly type: string;
}

/** What marks the directory where applications put administrative papers. */
export const ADMINISTRATIVE_REFERENCE: Reference = {
  id: 'io.cozy.apps/administrative',
  type: 'io.cozy.apps',
};

/** A directory of `io.cozy.files`; empty fields are absent, never `[]` (`docs/cozy-data.md` §3.4). */
export interface DirectoryDocument {
  readonly type: 'directory';
  readonly name: string;
  readonly dir_id: string;
  /** ISO 8601, as are all times here. */
  readonly created_at: string;
  readonly updated_at: string;
  readonly path: string;
  readonly referenced_by?: readonly Reference[];
  readonly cozyMetadata: {
    readonly doctypeVersion: '1';
    readonly metadataVersion: 1;
    readonly createdAt: string;
    readonly updatedAt: string;
    /** The instance's URL, with a trailing slash. */
    readonly createdOn: string;
  };
}

export type TrashDocument = Omit<DirectoryDocument, 'cozyMetadata'> & { readonly _id: typeof TRASH_ID };

export type RootDocument = Omit<DirectoryDocument, 'cozyMetadata' | 'name' | 'dir_id'> & {
  readonly _id: typeof ROOT_ID;
};

export interface NewDirectory {
  readonly name: string;
  readonly parentId: string;
  /** The parent's path, a slash and the name. */
  readonly path: string;
  /** ISO 8601. */
  readonly now: string;
  /** The instance's URL, with or without a trailing slash. */
  readonly createdOn: string;
  readonly referencedBy?: readonly Reference[] | undefined;
}

/**
 * The root directory.
 *
 * @param now ISO 8601.
 * @param withAdministrativeReference whether the root takes the place of the Administrative
 *   directory, in contexts that do not want one.
 */
export function rootDocument(now: string, withAdministrativeReference: boolean): RootDocument {
  return {
    _id: ROOT_ID,
    type: 'directory',
    created_at: now,
    updated_at: now,
    path: '/',
    ...(withAdministrativeReference ? { referenced_by: [ADMINISTRATIVE_REFERENCE] } : {}),
  };
}

/** The trash; `now` (ISO 8601) is the root's. */
export function trashDocument(now: string): TrashDocument {
  return {
    _id: TRASH_ID,
    type: 'directory',
    name: TRASH_NAME,
    dir_id: ROOT_ID,
    created_at: now,
    updated_at: now,
    path: `/${TRASH_NAME}`,
  };
}

/** An ordinary directory, without `_id`. */
export function directoryDocument(directory: NewDirectory): DirectoryDocument {
  const { name, parentId, path, now, createdOn, referencedBy = [] } = directory;
  return {
    type: 'directory',
    name,
    dir_id: parentId,
    created_at: now,
    updated_at: now,
    path,
    ...(referencedBy.length > 0 ? { referenced_by: referencedBy } : {}),
    cozyMetadata: {
      doctypeVersion: '1',
      metadataVersion: 1,
      createdAt: now,
      updatedAt: now,
      createdOn: createdOn.endsWith('/') ? createdOn : `${createdOn}/`,
    },
  };
}
