import { toError } from './errors.ts';

/** What the operating system said, such as `ENOENT`. */
export function errnoOf(thrown: unknown): string | undefined {
  const error: NodeJS.ErrnoException = toError(thrown);
  return error.code;
}

/** What the work answers, or undefined where there is no such file or directory. */
export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}
