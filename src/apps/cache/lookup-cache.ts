import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { unlessMissing } from '../../errno.ts';
import type { CacheDirectories } from './cache-directories.ts';
import type { WorkDir } from './work-dirs.ts';

const lookupSchema = z.object({
  /** Of the entry. */
  key: z.string().regex(/^[0-9a-f]+$/),
  /** As an instance gets it. */
  version: z.string(),
  /** Of the lookup, in milliseconds since 1970. */
  time: z.number(),
});

type StoredLookup = z.infer<typeof lookupSchema>;

/** What a lookup of a source that may change has found; the entry may have been evicted since. */
export type LookupResult = Omit<StoredLookup, 'time'>;

const KEPT_MS = 24 * 60 * 60_000;

/** Results of lookups, shared by the workers of a machine. Names are hexadecimal. */
export class LookupCache {
  readonly #directories: CacheDirectories;
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(directories: CacheDirectories, now: () => number) {
    this.#directories = directories;
    this.#now = now;
  }

  /**
   * What was found under that name, by any worker of this machine.
   *
   * @param maxAgeMs age in milliseconds from which a result does not count any more
   * @returns undefined also for a result that cannot be read: it is looked up anew
   * @throws {AppError} `app_cache` when others may have written it
   */
  async get(name: string, maxAgeMs = Number.POSITIVE_INFINITY): Promise<LookupResult | undefined> {
    await unlessMissing(this.#directories.assertOwn());
    const stored = parse(await unlessMissing(readFile(this.#file(name), 'utf8')));
    if (stored === undefined || maxAgeMs === Number.POSITIVE_INFINITY) return stored;
    const age = this.#now() - stored.time;
    // A clock that was set back must not make a result good for ever.
    return age >= 0 && age < maxAgeMs ? stored : undefined;
  }

  /** Replaces what was found under that name. @param workDir of the lookup */
  async set(name: string, { key, version }: LookupResult, workDir: WorkDir): Promise<void> {
    workDir.signal.throwIfAborted();
    const draft = join(workDir.path, 'note');
    const lookup: StoredLookup = { key, version, time: this.#now() };
    await writeFile(draft, JSON.stringify(lookup));
    await rename(draft, this.#file(name));
  }

  async delete(name: string): Promise<void> {
    await rm(this.#file(name), { force: true });
  }

  /** Removes the results of sources that were not looked up for a day. */
  async removeOld(): Promise<void> {
    for (const name of await readdir(this.#directories.lookups)) {
      const found = await unlessMissing(stat(this.#file(name)));
      if (found !== undefined && found.mtimeMs < this.#now() - KEPT_MS) await this.delete(name);
    }
  }

  #file(name: string): string {
    return join(this.#directories.lookups, name);
  }
}

function parse(text: string | undefined): StoredLookup | undefined {
  if (text === undefined) return undefined;
  try {
    return lookupSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
