/** Where the code of an application goes, below the directory of an instance. */
export interface AppPlace {
  readonly kind: 'webapp' | 'konnector';
  readonly slug: string;
  /** `<version>-<checksum>`, or `<version>` where there is no checksum. */
  readonly folder: string;
}

/** An application to be put into an instance. */
export interface AppToInstall extends AppPlace {
  /** Absolute path of a directory of this machine: its files as they are to be (`docs/cozy-data.md` §4.1). */
  readonly from: string;
  /** Names what is under way, so that a second try finds what the first one left; hexadecimal. */
  readonly tag: string;
  /** Whether another build may have the same folder: what is there under its name is then compared with it. */
  readonly compared?: boolean;
  /**
   * Called right before its name says that it is all there; what it throws, a `FleetError`, is thrown, and
   * nothing is left. For a worker that may have been taken for dead.
   */
  readonly guard?: () => void;
}

/** Name of the folder of all applications of a kind (`docs/cozy-data.md` §4.1). */
export function appsFolder(kind: AppPlace['kind']): string {
  switch (kind) {
    case 'webapp':
      return '.cozy_apps';
    case 'konnector':
      return '.cozy_konnectors';
  }
}

/** Neither a path nor a hidden name. */
export function isPlainName(name: string): boolean {
  return /^[0-9A-Za-z-][0-9A-Za-z.+_-]{0,254}$/.test(name);
}
