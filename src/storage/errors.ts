import { type FailureKind, FleetError } from '../errors.ts';

/** Codes of the operating system that mean the storage as a whole is unwell, not one file (design §4). */
const UNWELL = new Set([
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

const ADVICE: Record<string, string> = {
  ENOSPC: 'Free some space on the storage; the work goes on by itself.',
  EDQUOT: 'Raise the quota of the storage; the work goes on by itself.',
  EROFS: 'The storage is mounted read-only; mount it for writing.',
  EACCES: 'Let the user that runs the worker write there: the one that the stack runs as.',
  EPERM: 'Let the user that runs the worker write there: the one that the stack runs as.',
  ENOENT: 'Check fs.url, and that the storage is mounted.',
};

/** An operation on the storage that failed. */
export class StorageError extends FleetError {
  readonly kind: FailureKind;
  /** What the operating system said, such as `EACCES`. */
  readonly errno: string;

  constructor(what: string, cause: NodeJS.ErrnoException, kind: FailureKind) {
    const code = cause.code ?? 'unknown';
    super('storage', `${what}: ${code}`, ADVICE[code] ?? '', { cause });
    this.kind = kind;
    this.errno = code;
  }
}

/** How a failed operation below the storage's root is treated: the mount may have gone, or one file is odd. */
export function storageFailureKind(code: string | undefined, rootIsThere: boolean): FailureKind {
  if (!rootIsThere || (code !== undefined && UNWELL.has(code))) return 'outage';
  return code === 'ENOENT' || code === 'EBUSY' || code === 'EMFILE' ? 'retry' : 'final';
}

/** Whether the operating system did not let us look. */
export function isDenied(error: unknown): boolean {
  return error instanceof StorageError && (error.errno === 'EACCES' || error.errno === 'EPERM');
}
