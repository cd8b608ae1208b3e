import { mkdtemp, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from '../../errno.ts';
import { AppError } from '../errors.ts';
import { type CacheDirectories, removeDirectory } from './cache-directories.ts';
import { lockMachine } from './machine-lock.ts';

/** Where an entry is made; nothing of it is left in the end. */
export interface WorkDir {
  /** An empty directory. */
  readonly path: string;
  /** Aborted with the caller's signal, and when another process took over. */
  readonly signal: AbortSignal;
}

export interface WorkDirsOptions {
  readonly directories: CacheDirectories;
  /** Milliseconds without a sign of life after which a worker counts as dead. */
  readonly staleMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const MAX_TAKEOVERS = 3;

/** Longer than any work can take. */
const ABANDONED_AFTER_MS = 60 * 60_000;

/** Working directories, each under a lock of this machine. */
export class WorkDirs {
  readonly #directories: CacheDirectories;
  readonly #staleMs: number;
  readonly #now: () => number;

  constructor({ directories, staleMs, now }: WorkDirsOptions) {
    this.#directories = directories;
    this.#staleMs = staleMs;
    this.#now = now;
  }

  /**
   * Does `work` while no other process of this machine does work of that name. What killed predecessors left is
   * removed first. A process that was taken for dead starts over.
   *
   * @param name hexadecimal
   * @throws {AppError} `app_cache` when others take the work over again and again; what `work` throws
   */
  async withLock<T>(name: string, work: (workDir: WorkDir) => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#directories.make();
    for (let attempts = 0; attempts < MAX_TAKEOVERS; attempts += 1) {
      const result = await this.#attempt(name, work, signal);
      if (result !== 'taken over') return result.value;
    }
    throw new AppError(
      'app_cache',
      'another process takes the work on an application over again and again',
      'retry',
      'Look at the load of this machine, and at its clock.',
    );
  }

  /** A path in which nothing is yet. It has no lock: only for what lasts no longer than one call. */
  async temporary(prefix: string): Promise<string> {
    return await mkdtemp(join(this.#directories.workDirs, `${prefix}-`));
  }

  /** Removes the working directories of processes that died long ago. */
  async removeAbandoned(): Promise<void> {
    for (const path of await this.#paths('')) {
      const found = await unlessMissing(stat(path));
      if (found !== undefined && found.mtimeMs < this.#now() - ABANDONED_AFTER_MS)
        await removeDirectory(path);
    }
  }

  async #attempt<T>(
    name: string,
    work: (workDir: WorkDir) => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ readonly value: T } | 'taken over'> {
    const lock = await lockMachine(join(this.#directories.locks, name), this.#staleMs, signal);
    let path: string | undefined;
    try {
      for (const left of await this.#paths(`${name}-`)) await removeDirectory(left);
      path = await this.temporary(name);
      return { value: await work({ path, signal: AbortSignal.any([signal, lock.lost]) }) };
    } catch (thrown) {
      signal.throwIfAborted();
      const directoryGone = path !== undefined && (await unlessMissing(stat(path))) === undefined;
      if (lock.lost.aborted || directoryGone) return 'taken over';
      throw thrown;
    } finally {
      if (path !== undefined) await removeDirectory(path);
      await lock.release();
    }
  }

  async #paths(prefix: string): Promise<string[]> {
    const names = await readdir(this.#directories.workDirs);
    return names
      .filter((name) => name.startsWith(prefix))
      .map((name) => join(this.#directories.workDirs, name));
  }
}
