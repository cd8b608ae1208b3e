import { toError } from '../errors.ts';

/** What the work answers, or undefined where there is no such file. */
export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    const { code }: NodeJS.ErrnoException = toError(thrown);
    if (code === 'ENOENT') return undefined;
    throw thrown;
  }
}
