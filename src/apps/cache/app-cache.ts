import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errnoOf, unlessMissing } from '../../errno.ts';
import { AppError } from '../errors.ts';
import { snapshotTree, treeDigest } from '../tree/tree-digest.ts';
import { chooseEvicted } from './evict.ts';
import { type Note, readNote, removeOldNotes, writeNote } from './lookup-cache.ts';
import { lockMachine } from './machine-lock.ts';
import { assertOwnDirectory } from './own-directory.ts';

/** What is known about a cached tree without looking at it. */
const descriptionSchema = z.object({
  /** Of its files, compressed. */
  bytes: z.int().nonnegative(),
  /** Its manifest, where no registry tells. */
  manifest: z.object({ kind: z.enum(['webapp', 'konnector']), text: z.string() }).optional(),
});

export type Description = z.infer<typeof descriptionSchema>;

/** What an entry says of itself; the digest is over its key, its description and its files. */
const entrySchema = z.object({ description: descriptionSchema, digest: z.string() });

/** A tree in the cache: all of it is there. */
export interface CacheEntry {
  /** Absolute path of its files, in the form in which storages keep them. */
  readonly files: string;
  readonly description: Description;
}

/** Where an entry is made; nothing of it is left in the end. */
export interface Workshop {
  /** An empty directory. */
  readonly path: string;
  /** Aborted with the caller's signal, and when another process took over. */
  readonly signal: AbortSignal;
}

/** Stored trees of applications, shared by the workers of a machine. Keys and names are hexadecimal. */
export interface AppCache {
  /**
   * Makes its directories, and tries to write.
   * @throws {AppError} `app_cache` when it cannot be used, or others may have put something there
   */
  check(): Promise<void>;
  /**
   * The entry of that key, which counts as used now; undefined when there is none. One that is not what was stored,
   * because somebody has written into it since, is thrown away.
   */
  find(key: string): Promise<CacheEntry | undefined>;
  /**
   * Works alone on this machine under that name. What killed predecessors left is removed first; who is taken
   * for dead starts over.
   */
  alone<T>(name: string, work: (workshop: Workshop) => Promise<T>, signal: AbortSignal): Promise<T>;
  /**
   * Takes a stored tree from a workshop into the cache, and makes room for it. One of the same key that was
   * faster is as good.
   *
   * @param tree in the workshop: what becomes the entry's files
   */
  keep(key: string, workshop: Workshop, tree: string, description: Description): Promise<CacheEntry>;
  /** What was noted under that name, by any worker of this machine; it may be old. */
  recall(name: string): Promise<Note | undefined>;
  /** Replaces what is noted under that name. */
  note(name: string, workshop: Workshop, note: Note): Promise<void>;
  forget(name: string): Promise<void>;
}

export interface CacheOptions {
  /** Made when it is not there. */
  readonly directory: string;
  /** Most bytes; what was used in the last minutes is kept even beyond. */
  readonly bytes: number;
  /** Milliseconds without a sign of life after which a worker that makes an entry counts as dead. */
  readonly stale: number;
  readonly now: () => number;
  /** Told of entries that were not what had been stored. */
  readonly onThrownAway?: ((key: string) => void) | undefined;
}

/** Part of every path: entries of another form must not be taken for ours. */
const FORM = 'v1';

const TAKEOVERS = 3;

/** Longer than anything that is under way can take, in milliseconds. */
const ABANDONED = 60 * 60_000;

/**
 * A cache in a directory of this machine. What the operating system says about it is thrown as it is, save by
 * `check`; an `AppError` with `app_cache` when others may have put something there.
 */
export function createAppCache({ directory, bytes, stale, now, onThrownAway }: CacheOptions): AppCache {
  const top = join(directory, FORM);
  const entries = join(top, 'entries');
  const locks = join(top, 'locks');
  const workshops = join(top, 'tmp');
  const notes = join(top, 'notes');
  const entryAt = (key: string): string => join(entries, key);
  const filesOf = (key: string): string => join(entryAt(key), 'files');
  /** How entries looked when their digests were last compared, by key. */
  const compared = new Map<string, string>();

  async function makeDirectories(): Promise<void> {
    for (const path of [entries, locks, workshops, notes])
      await mkdir(path, { recursive: true, mode: 0o700 });
    await assertOwn();
  }

  /** What is in it needs no other look: nobody else gets past these two. */
  async function assertOwn(): Promise<void> {
    for (const path of [directory, top]) await assertOwnDirectory(path);
  }

  async function read(key: string): Promise<CacheEntry | undefined> {
    const text = await unlessMissing(readFile(join(entryAt(key), 'entry.json'), 'utf8'));
    const description = text === undefined ? undefined : parsed(text)?.description;
    return description && { files: filesOf(key), description };
  }

  /** Reads files only where they look otherwise than the last time, or were never read by this process. */
  async function isIntact(key: string): Promise<boolean> {
    const text = await unlessMissing(readFile(join(entryAt(key), 'entry.json'), 'utf8'));
    const entry = text === undefined ? undefined : parsed(text);
    const seen = await unlessMissing(snapshotTree(filesOf(key)));
    if (entry === undefined || seen === undefined) return false;
    const look = JSON.stringify([seen.listing, entry]);
    if (compared.get(key) === look) return true;
    const digest = await unlessMissing(treeDigest(filesOf(key), seen, [key, entry.description]));
    if (digest !== entry.digest) return false;
    compared.set(key, look);
    return true;
  }

  async function throwAway(key: string): Promise<void> {
    compared.delete(key);
    const out = await mkdtemp(join(workshops, 'out-'));
    await unlessMissing(rename(entryAt(key), join(out, 'entry')));
    await remove(out);
  }

  async function find(key: string): Promise<CacheEntry | undefined> {
    await unlessMissing(assertOwn());
    const time = new Date(now());
    const touched = await unlessMissing(utimes(entryAt(key), time, time).then(() => true));
    if (touched === undefined) return undefined;
    const entry = await read(key);
    if (entry === undefined || (await isIntact(key))) return entry;
    await throwAway(key);
    onThrownAway?.(key);
    return undefined;
  }

  async function removeLeftovers(name: string): Promise<void> {
    for (const left of await readdir(workshops)) {
      if (left.startsWith(`${name}-`)) await remove(join(workshops, left));
    }
  }

  async function removeAbandoned(): Promise<void> {
    for (const left of await readdir(workshops)) {
      const path = join(workshops, left);
      const found = await unlessMissing(stat(path));
      if (found !== undefined && found.mtimeMs < now() - ABANDONED) await remove(path);
    }
  }

  async function makeRoom(): Promise<void> {
    const known = [];
    for (const key of await readdir(entries)) {
      const found = await unlessMissing(stat(entryAt(key)));
      if (found === undefined) continue;
      known.push({ key, used: found.mtimeMs, bytes: (await read(key))?.description.bytes ?? 0 });
    }
    for (const key of chooseEvicted(known, bytes, now())) await throwAway(key);
    await removeAbandoned();
    await removeOldNotes(notes, now());
  }

  async function once<T>(
    name: string,
    work: (workshop: Workshop) => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ readonly done: T } | 'taken over'> {
    const lock = await lockMachine(join(locks, name), stale, signal);
    let path: string | undefined;
    try {
      await removeLeftovers(name);
      path = await mkdtemp(join(workshops, `${name}-`));
      return { done: await work({ path, signal: AbortSignal.any([signal, lock.lost]) }) };
    } catch (thrown) {
      signal.throwIfAborted();
      const robbed = path !== undefined && (await unlessMissing(stat(path))) === undefined;
      if (lock.lost.aborted || robbed) return 'taken over';
      throw thrown;
    } finally {
      if (path !== undefined) await remove(path);
      await lock.release();
    }
  }

  return {
    async check() {
      try {
        await makeDirectories();
        await remove(await mkdtemp(join(workshops, 'probe-')));
      } catch (thrown) {
        throw unusable(thrown, directory);
      }
    },

    find,

    async alone(name, work, signal) {
      await makeDirectories();
      for (let times = 0; times < TAKEOVERS; times += 1) {
        const result = await once(name, work, signal);
        if (result !== 'taken over') return result.done;
      }
      throw new AppError(
        'app_cache',
        'another process takes the work on an application over again and again',
        'retry',
        'Look at the load of this machine, and at its clock.',
      );
    },

    async keep(key, workshop, tree, description) {
      const made = join(workshop.path, 'entry');
      await mkdir(made, { mode: 0o700 });
      await rename(tree, join(made, 'files'));
      const files = join(made, 'files');
      const digest = await treeDigest(files, await snapshotTree(files), [key, description]);
      await writeFile(join(made, 'entry.json'), JSON.stringify({ description, digest }), { flush: true });
      workshop.signal.throwIfAborted();
      await place(made, key);
      const time = new Date(now());
      await unlessMissing(utimes(entryAt(key), time, time));
      await makeRoom();
      return { files: filesOf(key), description };
    },

    async recall(name) {
      await unlessMissing(assertOwn());
      return await readNote(join(notes, name));
    },

    async note(name, workshop, note) {
      workshop.signal.throwIfAborted();
      await writeNote(join(notes, name), note, join(workshop.path, 'note'));
    },

    forget: (name) => rm(join(notes, name), { force: true }),
  };

  async function place(made: string, key: string): Promise<void> {
    try {
      await rename(made, entryAt(key));
    } catch (thrown) {
      if (!isThere(thrown)) throw thrown;
      if (await isIntact(key)) return;
      // A machine that lost its power may leave what cannot be read, and somebody may have written into it.
      await remove(entryAt(key));
      await rename(made, entryAt(key));
    }
  }
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

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

function parsed(text: string): z.infer<typeof entrySchema> | undefined {
  try {
    return entrySchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function isThere(thrown: unknown): boolean {
  const code = errnoOf(thrown);
  return code === 'ENOTEMPTY' || code === 'EEXIST';
}
