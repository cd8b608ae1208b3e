import { errnoOf } from '../../errno.ts';
import { AppError } from '../errors.ts';
import { cacheDirectories, removeDirectory } from './cache-directories.ts';
import { type CacheEntry, type Description, Entries } from './entries.ts';
import { LookupCache, type LookupResult } from './lookup-cache.ts';
import { SingleFlight } from './single-flight.ts';
import { type WorkDir, WorkDirs } from './work-dirs.ts';

export interface LookUpOptions {
  /** Age in milliseconds from which a result does not count any more. */
  readonly maxAgeMs: number;
  readonly signal: AbortSignal;
}

/** Stored trees of applications, shared by the workers of a machine. Keys and names are hexadecimal. */
export interface AppCache {
  readonly lookups: LookupCache;
  /**
   * Makes its directories, and tries to write.
   * @throws {AppError} `app_cache` when it cannot be used, or others may have put something there
   */
  check(): Promise<void>;
  /**
   * The entry of that key, which counts as used now; undefined when there is none. An entry that is not what was
   * stored, because something has written into it since, is discarded.
   */
  find(key: string): Promise<CacheEntry | undefined>;
  /** The same, made where there is none: once for all callers, by one process of this machine. */
  findOrMake(
    key: string,
    make: (workDir: WorkDir) => Promise<CacheEntry>,
    signal: AbortSignal,
  ): Promise<CacheEntry>;
  /**
   * Takes a stored tree from a working directory into the cache, and makes room for it.
   * @param tree in the working directory: what becomes the entry's files
   */
  add(key: string, workDir: WorkDir, tree: string, description: Description): Promise<CacheEntry>;
  /** What was found under that name recently, or is found now: once for all callers, by one process of this machine. */
  lookUp(
    name: string,
    look: (workDir: WorkDir) => Promise<LookupResult>,
    options: LookUpOptions,
  ): Promise<LookupResult>;
  /** Resolves when no work is under way, also none that its callers have given up. */
  idle(): Promise<void>;
}

export interface AppCacheOptions {
  /** Made when it is not there. */
  readonly directory: string;
  /** Most bytes; entries that were used in the last minutes are kept even beyond. */
  readonly limitBytes: number;
  /** Milliseconds without a sign of life after which a worker that makes an entry counts as dead. */
  readonly staleMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called for an entry that is not what was stored. */
  readonly onDiscard?: ((key: string) => void) | undefined;
}

/**
 * A cache in a directory of this machine. What the operating system says about it is thrown as it is, save by
 * `check`; an `AppError` with `app_cache` when others may have put something there.
 */
export function createAppCache({
  directory,
  limitBytes,
  staleMs,
  now,
  onDiscard,
}: AppCacheOptions): AppCache {
  const directories = cacheDirectories(directory);
  const workDirs = new WorkDirs({ directories, staleMs, now });
  const entries = new Entries({ directories, workDirs, limitBytes, now, onDiscard });
  const lookups = new LookupCache(directories, now);
  const making = new SingleFlight<CacheEntry>();
  const looking = new SingleFlight<LookupResult>();

  return {
    lookups,

    async check() {
      try {
        await directories.make();
        await removeDirectory(await workDirs.temporary('probe'));
      } catch (thrown) {
        throw unusable(thrown, directory);
      }
    },

    find: (key) => entries.find(key),

    async findOrMake(key, make, signal) {
      const known = await entries.find(key);
      if (known !== undefined) return known;
      const work = async (workDir: WorkDir) => (await entries.find(key)) ?? (await make(workDir));
      return await making.run(key, (shared) => workDirs.withLock(key, work, shared), signal);
    },

    async add(key, workDir, tree, description) {
      const entry = await entries.add(key, workDir, tree, description);
      await entries.evict();
      await workDirs.removeAbandoned();
      await lookups.removeOld();
      return entry;
    },

    async lookUp(name, look, { maxAgeMs, signal }) {
      const recent = await lookups.get(name, maxAgeMs);
      if (recent !== undefined) return recent;
      const work = async (workDir: WorkDir) => {
        const known = await lookups.get(name, maxAgeMs);
        if (known !== undefined) return known;
        const result = await look(workDir);
        await lookups.set(name, result, workDir);
        return result;
      };
      return await looking.run(name, (shared) => workDirs.withLock(name, work, shared), signal);
    },

    async idle() {
      await Promise.all([making.idle(), looking.idle()]);
    },
  };
}

function unusable(thrown: unknown, directory: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = errnoOf(thrown) ?? 'unknown';
  return new AppError(
    'app_cache',
    `the cache of applications in ${directory} cannot be used: ${code}`,
    'retry',
    'Check fleet.app_cache, its owner, and the space left where it is.',
    { cause: thrown },
  );
}
