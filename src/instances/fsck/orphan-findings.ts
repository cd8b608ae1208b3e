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
  /** `orphan_folder` was an instance's; a `foreign_folder` is somebody else's business and never to be deleted. */
  readonly type: 'orphan_folder' | 'foreign_folder';
  readonly folder: string;
}

/** What belongs to no instance. */
export type OrphanFinding = OrphanDatabases | OrphanFolder;
