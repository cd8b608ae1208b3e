import type { AppPlace, AppToInstall } from './app-place.ts';
import type { NewFile, WriteOptions, WrittenFile } from './write-files.ts';

/** Something found below the directory of an instance. */
export interface WalkEntry {
  /** From the root of the instance, as in documents: `/`, `/Photos`, `/Photos/cat.jpg`. */
  readonly path: string;
  /** `other` for whatever a Cozy never makes: symbolic links, which are not followed, sockets, devices. */
  readonly kind: 'directory' | 'file' | 'other';
  /** Bytes of a file; 0 for anything else. */
  readonly size: number;
}

/** Room on the disk of the storage. */
export interface Room {
  /** Free for us. */
  readonly bytes: number;
  /** Inodes that are free; 0 on file systems that make them as needed. */
  readonly files: number;
  /** Free or not. */
  readonly allBytes: number;
  /** Inodes, free or not; 0 on file systems that make them as needed. */
  readonly allFiles: number;
}

/**
 * What is at the place of an instance's directory: `instance` for one with a `.cozy_trash` that is a directory, too,
 * `empty` for one with nothing in it, which no instance owns, and `foreign` for whatever no stack and no worker has made.
 */
export type PlaceKind = 'instance' | 'empty' | 'foreign' | 'missing';

/**
 * Where the files of instances live; one implementation a kind of storage. Nothing is looked at, made or removed but
 * what is below the one directory that a domain names, by no link, and in no other directory that comes to its place
 * meanwhile.
 *
 * Whatever is given a domain or a path throws `UnsafePath` for one that does not name exactly one place.
 */
export interface Storage {
  /** For messages: kind and place. */
  readonly name: string;
  /** Whether anything is left under that domain: its directory holds at least one entry, or is none. */
  hasFiles(domain: string): Promise<boolean>;
  /**
   * Whether that directory of the instance is there; `path` as in its document (`/Photos`).
   * @throws StorageError `ELOOP` where it is a symbolic link, or there is one on the way
   */
  hasDirectory(domain: string, path: string): Promise<boolean>;
  /**
   * Makes directories of the instance, `/` for its root; those that are there are fine. Parents must be there, or come
   * before what is in them.
   */
  makeDirectories(domain: string, paths: readonly string[]): Promise<void>;
  /**
   * Names of the directories of instances, and of whatever else is beside them, as they are: none of them is known
   * to be that of an instance. Symbolic links are no directories.
   */
  list(): AsyncGenerator<string, void, undefined>;
  /**
   * Everything of the instance, its root first and a directory before what is in it; nothing when there is
   * no directory of that domain. No more is held than the directories still to be read. A root that is a symbolic
   * link is `other`, and nothing below it is listed.
   *
   * @param skipped paths that are neither reported nor entered
   */
  walk(domain: string, skipped?: ReadonlySet<string>): AsyncGenerator<WalkEntry, void, undefined>;
  /** MD5 of a file's content in base64, as in its document; undefined when no file is there. */
  digest(domain: string, path: string, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Puts files of its owner into an instance, each as a whole or not at all, and nothing in the place of what is there.
   * Their directories must be there.
   * @returns what became of each, in their order
   */
  writeFiles(domain: string, files: readonly NewFile[], options: WriteOptions): Promise<WrittenFile[]>;
  /**
   * Removes what was written and made for an instance, and is not to be there after all: files with just that content, and
   * directories that are empty, given each before what is in it. Whatever is otherwise stays.
   */
  takeBack(
    domain: string,
    files: readonly NewFile[],
    directories: readonly string[],
    options: Pick<WriteOptions, 'guard' | 'signal'>,
  ): Promise<void>;
  /**
   * Removes the directory of an instance and all that is in it. It is renamed first, so that a next life
   * of the domain never meets what is on its way out.
   * @param tag names what is on its way out, so that a second try finds it again; hexadecimal and `-`
   * @param guard called right before each step that cannot be taken back; what it throws is thrown
   * @returns `removed`, or what is there instead of an instance: it is left alone
   * @throws PassingError `replaced` when something else came to its place meanwhile: that is left alone, too
   */
  removeInstance(
    domain: string,
    tag: string,
    guard?: () => void,
  ): Promise<'removed' | Exclude<PlaceKind, 'instance'>>;
  /** Whether what is there under that domain is not an instance's: a link, or files without a `.cozy_trash`. */
  isForeign(domain: string): Promise<boolean>;
  /** What a name that `list` gave belongs to; `foreign` also for one that no instance can have. */
  kindOf(name: string): Promise<PlaceKind>;
  /**
   * Puts the code of an application into an instance, as a whole or not at all; what an earlier try of the
   * same tag left is removed, and no twin that wakes up can publish it. Files are copies: what is written into one
   * changes no other instance.
   * @returns `present` when that version was there already, or came there meanwhile, and `other` where it is to be compared
   * and differs: what is there is left as it is
   */
  installApp(
    domain: string,
    app: AppToInstall,
    signal?: AbortSignal,
  ): Promise<'installed' | 'present' | 'other'>;
  /**
   * Removes the code of all versions of an application of an instance; what a try that was cut left goes, too.
   * @param guard called right before each step that cannot be taken back; what it throws is thrown
   * @returns `foreign` where what is there under that domain is no instance's: nothing is touched
   */
  removeApp(
    domain: string,
    app: Pick<AppPlace, 'kind' | 'slug'>,
    guard?: () => void,
  ): Promise<'removed' | 'missing' | 'foreign'>;
  /** Whether the code of that version of an application is there, all of it: an empty directory is none. */
  hasApp(domain: string, place: AppPlace): Promise<boolean>;
  /** The fleet this storage belongs to, or undefined when no fleet took it yet (`ARCHITECTURE.md` §4.5). */
  readFleetId(): Promise<string | undefined>;
  /** Takes the storage for a fleet; answers the id that is there afterwards, another's if it came first. */
  claimFleetId(id: string): Promise<string>;
  /** Writes a file, and removes it. @throws StorageError when the storage is not there, not writable, or full. */
  probe(): Promise<void>;
  /** The same as far as it can be told without writing anything: for whoever looks every other second. */
  look(): Promise<void>;
  /** Undefined where the storage cannot tell. */
  free(): Promise<Room | undefined>;
}
