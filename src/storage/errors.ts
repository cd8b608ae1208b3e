import { type FailureKind, FleetError, PassingError } from '../errors.ts';

/**
 * Codes of the operating system that mean the storage as a whole is unwell, not one file
 * (`ARCHITECTURE.md` §4.3).
 */
const OUTAGE_ERRNOS = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'EIO',
  'ESTALE',
  'ENODEV',
  'ENOTCONN',
  'EHOSTDOWN',
]);

/** Codes that somebody else at the same directory brings about, or too much at once. */
const RETRY_ERRNOS = new Set(['ENOENT', 'EBUSY', 'EMFILE', 'ENOTEMPTY', 'EISDIR']);

const ADVICE: Record<string, string> = {
  ENOSPC: 'Free some space on the storage; the work goes on by itself.',
  EDQUOT: 'Raise the quota of the storage; the work goes on by itself.',
  EROFS: 'The storage is mounted read-only; mount it for writing.',
  EACCES: 'Let the user that runs the worker write there: the one that the stack runs as.',
  EPERM: 'Let the user that runs the worker write there: the one that the stack runs as.',
  ENOENT: 'Check fs.url, and that the storage is mounted.',
  EBUSY: 'Something is mounted there, or in use: unmount it, or wait; the work is tried again.',
  ELOOP:
    'Below the root of the storage no symbolic link is followed, for it may lead to what is somebody else\u2019s. Move what it leads to in its place; a volume of its own can be mounted there (mount --bind).',
};

/** An operation on the storage that failed. */
export class StorageError extends FleetError {
  /** What the operating system said, such as `EACCES`. */
  readonly errno: string;

  constructor(what: string, cause: NodeJS.ErrnoException, kind: FailureKind) {
    const code = cause.code ?? 'unknown';
    super('storage', `${what}: ${code}`, ADVICE[code] ?? '', { cause, kind });
    this.errno = code;
  }
}

/** A domain, or a path in a document, that does not name exactly one place of the storage; nothing was looked at. */
export class UnsafePath extends FleetError {
  constructor(message: string, advice: string) {
    super('unsafe_path', message, advice);
  }
}

/** @param name of the directory, where it is known; another try looks at what is there by then */
export function replaced(name?: string): PassingError {
  const what = name === undefined ? 'a directory' : `the directory of ${name}`;
  return new PassingError(
    'replaced',
    `${what} was replaced by something else while it was worked on`,
    'What is there now was left alone. Find out who moves directories in the storage.',
  );
}

/** How a failed operation below the storage's root is treated: the mount may have gone, or one file is odd. */
export function storageFailureKind(code: string | undefined, rootIsThere: boolean): FailureKind {
  if (!rootIsThere || (code !== undefined && OUTAGE_ERRNOS.has(code))) return 'outage';
  return code !== undefined && RETRY_ERRNOS.has(code) ? 'retry' : 'final';
}

/** Whether the operating system did not let us look. */
export function isDenied(error: unknown): boolean {
  return error instanceof StorageError && (error.errno === 'EACCES' || error.errno === 'EPERM');
}
