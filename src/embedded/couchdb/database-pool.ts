import type { Pouch, PouchConstructor } from './pouch-types.ts';

interface Handle {
  readonly pouch: Pouch;
  users: number;
  closed: Promise<void> | undefined;
}

/**
 * Keeps the number of open LevelDBs bounded: each takes four file handles, and so does each view.
 * The databases longest unused are closed first, never one that is in use.
 */
export class DatabasePool {
  readonly #Pouch: PouchConstructor;
  readonly #limit: number;
  /** The longest unused first. */
  readonly #open = new Map<string, Handle>();

  constructor(Pouch: PouchConstructor, limit: number) {
    this.#Pouch = Pouch;
    this.#limit = limit;
  }

  /** How many LevelDBs are open, views included. */
  get count(): number {
    let count = 0;
    for (const { pouch } of this.#open.values()) count += 1 + viewsOf(pouch).length;
    return count;
  }

  /** Runs `work` on the database kept at `path`, opening it if need be. */
  async use<T>(path: string, work: (pouch: Pouch) => Promise<T>): Promise<T> {
    const handle = await this.#take(path);
    try {
      return await work(handle.pouch);
    } finally {
      handle.users -= 1;
      this.#closeIdle();
    }
  }

  /** Closes the database at `path`; whoever calls has seen to it that nobody uses it. */
  async close(path: string): Promise<void> {
    const handle = this.#open.get(path);
    if (handle) await this.#close(path, handle);
  }

  /** Closes everything. */
  async closeAll(): Promise<void> {
    await Promise.all([...this.#open].map(([path, handle]) => this.#close(path, handle)));
  }

  async #take(path: string): Promise<Handle> {
    let handle = this.#open.get(path);
    while (handle?.closed) {
      await handle.closed;
      handle = this.#open.get(path);
    }
    handle ??= this.#openAt(path);
    handle.users += 1;
    this.#open.delete(path);
    this.#open.set(path, handle);
    return handle;
  }

  #openAt(path: string): Handle {
    const pouch = new this.#Pouch(path, { adapter: 'leveldb' });
    // A map function that throws skips its document, as in CouchDB; unheard, PouchDB would print it.
    pouch.on('error', () => {});
    return { pouch, users: 0, closed: undefined };
  }

  #closeIdle(): void {
    let excess = this.count - this.#limit;
    for (const [path, handle] of this.#open) {
      if (excess <= 0) return;
      if (handle.closed) {
        excess -= 1 + viewsOf(handle.pouch).length;
      } else if (handle.users === 0) {
        excess -= 1 + viewsOf(handle.pouch).length;
        void this.#close(path, handle);
      }
    }
  }

  #close(path: string, handle: Handle): Promise<void> {
    handle.closed ??= closeWithViews(handle.pouch).finally(() => this.#open.delete(path));
    return handle.closed;
  }
}

function viewsOf(pouch: Pouch): Promise<{ readonly db: Pouch }>[] {
  return Object.values(pouch._cachedViews ?? {});
}

async function closeWithViews(pouch: Pouch): Promise<void> {
  const views = await Promise.allSettled(viewsOf(pouch));
  const open = views.flatMap((view) => (view.status === 'fulfilled' ? [view.value.db] : []));
  // A database that failed to open fails to close as well, and leaves nothing behind.
  await Promise.allSettled([...open, pouch].map((database) => database.close()));
}
