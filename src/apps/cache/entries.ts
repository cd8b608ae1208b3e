import { mkdir, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { errnoOf, unlessMissing } from '../../errno.ts';
import { snapshotTree, treeDigest } from '../tree/tree-digest.ts';
import { type CacheDirectories, removeDirectory } from './cache-directories.ts';
import type { WorkDir, WorkDirs } from './work-dirs.ts';

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

export interface EntriesOptions {
  readonly directories: CacheDirectories;
  readonly workDirs: WorkDirs;
  /** Most bytes of all entries; entries in use are kept even beyond. */
  readonly limitBytes: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called for an entry that is not what was stored. */
  readonly onDiscard?: ((key: string) => void) | undefined;
}

/** The stored trees of a cache. Keys are hexadecimal. */
export class Entries {
  readonly #options: EntriesOptions;
  /** How entries looked when their digests were last compared, by key. */
  readonly #verified = new Map<string, string>();

  constructor(options: EntriesOptions) {
    this.#options = options;
  }

  /**
   * The entry of that key, which counts as used now; undefined when there is none. An entry that is not what was
   * stored, because something has written into it since, is discarded.
   */
  async find(key: string): Promise<CacheEntry | undefined> {
    await unlessMissing(this.#options.directories.assertOwn());
    if (!(await this.#touch(key))) return undefined;
    const entry = await this.#read(key);
    if (entry === undefined || (await this.#isIntact(key))) return entry;
    await this.#discard(key);
    this.#options.onDiscard?.(key);
    return undefined;
  }

  /**
   * Takes a stored tree from a working directory. An intact entry of the same key, added by another process meanwhile,
   * is as good.
   *
   * @param tree in the working directory: what becomes the entry's files
   */
  async add(key: string, workDir: WorkDir, tree: string, description: Description): Promise<CacheEntry> {
    const made = join(workDir.path, 'entry');
    await mkdir(made, { mode: 0o700 });
    const files = join(made, 'files');
    await rename(tree, files);
    const digest = await treeDigest(files, await snapshotTree(files), [key, description]);
    await writeFile(join(made, 'entry.json'), JSON.stringify({ description, digest }), { flush: true });
    workDir.signal.throwIfAborted();
    await this.#moveIn(made, key);
    await this.#touch(key);
    return { files: this.#files(key), description };
  }

  /** Removes entries until the rest fits. */
  async evict(): Promise<void> {
    const { directories, limitBytes, now } = this.#options;
    const known: Evictable[] = [];
    for (const key of await readdir(directories.entries)) {
      const found = await unlessMissing(stat(this.#path(key)));
      if (found === undefined) continue;
      known.push({ key, used: found.mtimeMs, bytes: (await this.#read(key))?.description.bytes ?? 0 });
    }
    for (const key of chooseEvicted(known, limitBytes, now())) await this.#discard(key);
  }

  #path(key: string): string {
    return join(this.#options.directories.entries, key);
  }

  #files(key: string): string {
    return join(this.#path(key), 'files');
  }

  async #entryFile(key: string): Promise<z.infer<typeof entrySchema> | undefined> {
    const text = await unlessMissing(readFile(join(this.#path(key), 'entry.json'), 'utf8'));
    return text === undefined ? undefined : parse(text);
  }

  async #read(key: string): Promise<CacheEntry | undefined> {
    const description = (await this.#entryFile(key))?.description;
    return description && { files: this.#files(key), description };
  }

  /** @returns whether there is such an entry */
  async #touch(key: string): Promise<boolean> {
    const time = new Date(this.#options.now());
    return (await unlessMissing(utimes(this.#path(key), time, time).then(() => true))) ?? false;
  }

  /** Reads files only where they look otherwise than the last time, or were never read by this process. */
  async #isIntact(key: string): Promise<boolean> {
    const entry = await this.#entryFile(key);
    const snapshot = await unlessMissing(snapshotTree(this.#files(key)));
    if (entry === undefined || snapshot === undefined) return false;
    const look = JSON.stringify([snapshot.listing, entry]);
    if (this.#verified.get(key) === look) return true;
    const digest = await unlessMissing(treeDigest(this.#files(key), snapshot, [key, entry.description]));
    if (digest !== entry.digest) return false;
    this.#verified.set(key, look);
    return true;
  }

  async #discard(key: string): Promise<void> {
    this.#verified.delete(key);
    const out = await this.#options.workDirs.temporary('out');
    await unlessMissing(rename(this.#path(key), join(out, 'entry')));
    await removeDirectory(out);
  }

  async #moveIn(made: string, key: string): Promise<void> {
    try {
      await rename(made, this.#path(key));
    } catch (thrown) {
      if (!isThere(thrown)) throw thrown;
      if (await this.#isIntact(key)) return;
      // A machine that lost its power may leave what cannot be read, and another process may have written into it.
      await removeDirectory(this.#path(key));
      await rename(made, this.#path(key));
    }
  }
}

export interface Evictable {
  readonly key: string;
  /** Milliseconds since 1970, last use. */
  readonly used: number;
  readonly bytes: number;
}

/** An entry that was used so recently may still be being copied. */
const IN_USE_MS = 10 * 60_000;

/**
 * Keys to be removed so that the rest fits, the longest unused first; what may be in use is never among them.
 * @param limitBytes most bytes of what stays
 * @param now milliseconds since 1970
 */
export function chooseEvicted(entries: readonly Evictable[], limitBytes: number, now: number): string[] {
  let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const evicted: string[] = [];
  for (const entry of [...entries].sort((one, other) => one.used - other.used)) {
    if (bytes <= limitBytes || entry.used > now - IN_USE_MS) break;
    bytes -= entry.bytes;
    evicted.push(entry.key);
  }
  return evicted;
}

function parse(text: string): z.infer<typeof entrySchema> | undefined {
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
