import { lstat } from 'node:fs/promises';
import { AppError } from '../errors.ts';

const WRITABLE_FOR_OTHERS = 0o022;

/**
 * Makes sure that nobody else can have put anything into a directory: what lies there is installed on instances.
 *
 * @throws {AppError} `app_cache`, passing: on other machines it may be well; what the operating system says
 *   about the directory is thrown as it is
 */
export async function assertOwnDirectory(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) throw untrusted(path, 'is a symbolic link');
  if (!found.isDirectory()) throw untrusted(path, 'is no directory');
  if (found.uid !== process.getuid?.()) throw untrusted(path, 'belongs to another user');
  if ((found.mode & WRITABLE_FOR_OTHERS) !== 0) throw untrusted(path, 'can be written by other users');
}

function untrusted(path: string, what: string): AppError {
  return new AppError(
    'app_cache',
    `the cache of applications is not safe: ${path} ${what}`,
    'retry',
    'Point fleet.app_cache to a directory of its own that belongs to the user of the worker, and is writable for nobody else (chmod go-w); remove what others may have put there.',
  );
}
