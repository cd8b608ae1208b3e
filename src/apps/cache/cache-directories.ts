import { lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.ts';

/** Where the cache keeps what, as absolute paths. */
export interface CacheDirectories {
  readonly entries: string;
  readonly locks: string;
  /** Of work that is under way. */
  readonly workDirs: string;
  readonly lookups: string;
  /** Makes them all. @throws as `assertOwn` */
  make(): Promise<void>;
  /**
   * Makes sure that no other user can have put anything into the cache, for its content is installed on instances.
   *
   * @throws {AppError} `app_cache`, to be tried again: other machines may have a safe cache; what the operating
   *   system says about the directories is thrown as it is
   */
  assertOwn(): Promise<void>;
}

/** Part of every path, so that a later form of the cache is not taken for this one. */
const FORM = 'v1';

const WRITABLE_FOR_OTHERS = 0o022;

/** @param directory of the cache; need not be there yet */
export function cacheDirectories(directory: string): CacheDirectories {
  const top = join(directory, FORM);
  const paths = {
    entries: join(top, 'entries'),
    locks: join(top, 'locks'),
    workDirs: join(top, 'tmp'),
    lookups: join(top, 'notes'),
  };

  async function assertOwn(): Promise<void> {
    // Checking these two directories is enough: no other user can write below them.
    for (const path of [directory, top]) await assertOwnDirectory(path);
  }

  return {
    ...paths,
    assertOwn,
    async make() {
      for (const path of Object.values(paths)) await mkdir(path, { recursive: true, mode: 0o700 });
      await assertOwn();
    },
  };
}

async function assertOwnDirectory(path: string): Promise<void> {
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

/** Removes a directory with all that is in it, or nothing where it is not there. */
export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}
