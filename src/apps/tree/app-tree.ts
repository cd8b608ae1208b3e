import { errnoOf } from '../../errno.ts';
import { AppError } from '../errors.ts';
import { isPlainPath } from './archive-path.ts';
import { DistinctPaths } from './distinct-paths.ts';

const ON_THE_WORKER = 'The path is looked for on the machine of the worker, with the rights of the worker.';

/** Most headers that go with one entry of an archive: long path, long link, attributes, global attributes. */
const HEADERS_PER_ENTRY = 4;

/** What an application may be at most; beyond it, it is refused rather than installed on every instance. */
export interface AppLimits {
  /** Bytes of the archive as it is fetched. */
  readonly archiveBytes: number;
  /** Bytes of all its files together, unpacked. */
  readonly totalBytes: number;
  /** Bytes of one file, unpacked. */
  readonly fileBytes: number;
  /** Files, directories and whatever else is listed. */
  readonly entries: number;
}

const MIB = 1024 * 1024;

/** Several times the largest application that is known. */
export const APP_LIMITS: AppLimits = {
  archiveBytes: 128 * MIB,
  totalBytes: 384 * MIB,
  fileBytes: 96 * MIB,
  entries: 20_000,
};

/** A regular file of an application, while it is read. */
export interface AppFile {
  /** Inside the application: no leading slash, no `.` and no `..`. */
  readonly path: string;
  /** In bytes, as announced. */
  readonly size: number;
  /** To be read at most once, and before the visit ends. */
  readonly content: AsyncIterable<Buffer>;
}

/**
 * Goes through the files of an application, one after the other; the next one comes when a visit has ended.
 * @throws {AppError} when there is something in it that no application may hold
 */
export type AppTree = (
  visit: (file: AppFile, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
) => Promise<void>;

/** Counts what is in a tree; refuses what exceeds the limits, is there twice, or has a name that no file may have. */
export class Quota {
  readonly #name: string;
  readonly #limits: AppLimits;
  readonly #paths = new DistinctPaths();
  #entries = 0;
  #headers = 0;
  #bytes = 0;

  /** @param name of the application, for messages */
  constructor(name: string, limits: AppLimits) {
    this.#name = name;
    this.#limits = limits;
  }

  /** Counts an entry that is listed, kept or not. @throws {AppError} `app_too_large` */
  countEntry(): void {
    this.#entries += 1;
    if (this.#entries > this.#limits.entries) {
      throw this.#tooLarge(`more than ${this.#limits.entries} files and directories`);
    }
  }

  /**
   * Takes down what is at a path. A link counts as a file, for nothing else may be at its path.
   * @param path of `insidePath`
   * @throws {AppError} `app_archive` or `app_too_large`
   */
  addPath(path: string, kind: 'file' | 'directory'): void {
    if (!isPlainPath(path)) throw unfit(this.#name, `${quotedPath(path)} is no name for a file`);
    const clash = this.#paths.add(path, kind);
    if (clash !== undefined) throw unfit(this.#name, `${quotedPath(path)} ${clash}`);
    const most = 2 * this.#limits.entries;
    if (this.#paths.size > most) throw this.#tooLarge(`more than ${most} files and directories`);
  }

  /** Counts a header of an archive that describes an entry, or nothing at all. @throws {AppError} `app_too_large` */
  countHeader(): void {
    this.#headers += 1;
    if (this.#headers > this.#limits.entries * HEADERS_PER_ENTRY) throw this.#tooLarge('too many headers');
  }

  /** Counts a file by the size in bytes that it announces. @throws {AppError} `app_too_large` */
  countFile(path: string, size: number): void {
    const { fileBytes, totalBytes } = this.#limits;
    if (size > fileBytes) throw this.#tooLarge(`more than ${fileBytes} bytes in ${quotedPath(path)}`);
    this.#bytes += size;
    if (this.#bytes > totalBytes) throw this.#tooLarge(`more than ${totalBytes} bytes`);
  }

  #tooLarge(what: string): AppError {
    return new AppError('app_too_large', `${this.#name} has ${what}`);
  }
}

/** Something that no application may hold. */
export function unfit(name: string, what: string, options?: ErrorOptions): AppError {
  return new AppError(
    'app_archive',
    `${name} is not fit to be installed: ${what}`,
    'final',
    'Tell those who publish the application; nothing of it was written.',
    options,
  );
}

/** Nothing is where its source points on this machine. */
export function missing(name: string): AppError {
  return new AppError('app_not_found', `${name} is not there`, 'final', ON_THE_WORKER);
}

/** What its source points to on this machine cannot be read. */
export function unreadable(name: string, what: string, thrown: unknown): AppError {
  const code = errnoOf(thrown) ?? 'unknown';
  const passing = code === 'EIO' || code === 'EMFILE' || code === 'ENFILE' || code === 'ESTALE';
  return new AppError(
    'app_unreachable',
    `${what} of ${name} cannot be read: ${code}`,
    passing ? 'retry' : 'final',
    ON_THE_WORKER,
  );
}

/** A path from an archive or a directory, quoted and shortened for a message. */
export function quotedPath(path: string): string {
  return JSON.stringify(path.length > 100 ? `${path.slice(0, 100)}…` : path);
}
