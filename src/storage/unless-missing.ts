import { toError } from '../errors.ts';

/** What the work answers, or something else where there is no such file or directory. */
export async function unlessMissing<T>(work: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (toErrno(thrown) === 'ENOENT') return otherwise;
    throw thrown;
  }
}

/** What the operating system said, such as `ENOENT`. */
export function toErrno(thrown: unknown): string | undefined {
  const error: NodeJS.ErrnoException = toError(thrown);
  return error.code;
}
