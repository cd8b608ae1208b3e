import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CouchError, notFound } from './couch-error.ts';
import type { DatabasePool } from './database-pool.ts';
import { checkName, toDatabaseName, toDirectoryName } from './names.ts';
import type { JsonObject, Pouch } from './pouch-types.ts';
import type { UpdateSignal } from './update-signal.ts';

interface Entry {
  /** Fulfilled when its directory is there. */
  readonly ready: Promise<unknown>;
  users: number;
  /** Called when the last user has gone, once the database is to be removed. */
  whenUnused: (() => void) | undefined;
}

/**
 * The databases there are. A database is a directory: it exists as soon as that does, is opened when
 * first used, and is gone as soon as the directory has been moved to the trash.
 */
export class Databases {
  readonly #root: string;
  readonly #trash: string;
  readonly #handles: DatabasePool;
  readonly #updates: UpdateSignal;
  readonly #entries = new Map<string, Entry>();
  readonly #removals = new Map<string, Promise<void>>();
  #removed = 0;

  private constructor(dataDir: string, handles: DatabasePool, updates: UpdateSignal) {
    this.#root = join(dataDir, 'databases');
    this.#trash = join(dataDir, 'trash');
    this.#handles = handles;
    this.#updates = updates;
  }

  /** Reads which databases are below `dataDir`, and finishes removals a crash has interrupted. */
  static async load(dataDir: string, handles: DatabasePool, updates: UpdateSignal): Promise<Databases> {
    const databases = new Databases(dataDir, handles, updates);
    await rm(databases.#trash, { recursive: true, force: true });
    await mkdir(databases.#trash, { recursive: true, mode: 0o700 });
    await mkdir(databases.#root, { recursive: true, mode: 0o700 });
    for (const entry of await readdir(databases.#root, { withFileTypes: true })) {
      if (entry.isDirectory()) databases.#add(toDatabaseName(entry.name), Promise.resolve());
    }
    return databases;
  }

  /** All names, in no particular order. */
  names(): Iterable<string> {
    return this.#entries.keys();
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Makes a database, or answers 412 when it is there. */
  async create(name: string): Promise<void> {
    checkName(name);
    for (;;) {
      if (this.#entries.has(name)) throw fileExists();
      const removal = this.#removals.get(name);
      if (!removal) break;
      await removal;
    }
    // No await between the look-up and this: of many at once, one wins.
    const entry = this.#add(name, mkdir(this.directory(name), { mode: 0o700 }));
    try {
      await entry.ready;
    } catch (error) {
      this.#entries.delete(name);
      throw error;
    }
  }

  /** Takes the name away at once, then waits for requests under way before removing the files. */
  async remove(name: string): Promise<void> {
    const entry = this.#entry(name);
    this.#entries.delete(name);
    this.#updates.notify(name);
    const removal = this.#removeFiles(name, entry).finally(() => this.#removals.delete(name));
    this.#removals.set(name, removal);
    await removal;
  }

  /** Runs `work` on a database, which stays open and undeleted until it has ended. */
  async use<T>(name: string, work: (pouch: Pouch) => Promise<T>): Promise<T> {
    const entry = this.#entry(name);
    entry.users += 1;
    try {
      await entry.ready;
      return await this.#handles.use(join(this.directory(name), 'data'), work);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) entry.whenUnused?.();
    }
  }

  /** The security object, or undefined when none was ever set. */
  async readSecurity(name: string): Promise<string | undefined> {
    await this.#entry(name).ready;
    return await readFile(this.#securityFile(name), 'utf8').catch(() => undefined);
  }

  async writeSecurity(name: string, security: JsonObject): Promise<void> {
    await this.#entry(name).ready;
    await writeFile(this.#securityFile(name), JSON.stringify(security), { mode: 0o600 });
  }

  directory(name: string): string {
    return join(this.#root, toDirectoryName(name));
  }

  #securityFile(name: string): string {
    return join(this.directory(name), 'security.json');
  }

  #add(name: string, ready: Promise<unknown>): Entry {
    const entry: Entry = { ready, users: 0, whenUnused: undefined };
    this.#entries.set(name, entry);
    return entry;
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw notFound('Database does not exist.');
    return entry;
  }

  async #removeFiles(name: string, entry: Entry): Promise<void> {
    await entry.ready;
    if (entry.users > 0) {
      await new Promise<void>((resolve) => {
        entry.whenUnused = resolve;
      });
    }
    const directory = this.directory(name);
    await this.#handles.close(join(directory, 'data'));
    this.#removed += 1;
    const doomed = join(this.#trash, String(this.#removed));
    await rename(directory, doomed);
    await rm(doomed, { recursive: true, force: true });
  }
}

function fileExists(): CouchError {
  const reason = 'The database could not be created, the file already exists.';
  return new CouchError(412, 'file_exists', reason);
}
