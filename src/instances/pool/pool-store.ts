import type { Sending, ViewRow } from '../../couchdb/documents.ts';
import { isNoDatabase, isStatus, unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { defined } from '../../defined.ts';
import { type PoolChange, type PoolItem, readPoolItem } from './pool-item.ts';

/** The database with the bookkeeping of the pool, on the CouchDB of `couchdb.url`. It is below no prefix. */
export const POOL = 'cozy-fleet-pool';

/** Items as they were read. */
export interface PoolPage {
  readonly items: readonly PoolItem[];
  /** Ids of documents that are none of ours: nothing is done about them, nor about databases of these prefixes. */
  readonly unreadable: readonly string[];
}

/** The bookkeeping of the pool. CouchDB alone knows what an item is: whatever Redis says of one is a hint. */
export interface PoolStore {
  /**
   * Writes down a new item, before its first database is made.
   * @throws CouchError 409 for a prefix that is known
   */
  add(prefix: string, change: PoolChange, ...sending: Sending): Promise<PoolItem>;
  /** All items; of a pool that never was there is none. */
  list(signal?: AbortSignal): Promise<PoolPage>;
  /** @returns undefined where there is none, or its document is none of ours */
  get(prefix: string, signal?: AbortSignal): Promise<PoolItem | undefined>;
  /** Whether the books say anything of that prefix, be it in a document that is none of ours. */
  knows(prefix: string, signal?: AbortSignal): Promise<boolean>;
  /**
   * Changes an item as long as it is what was read.
   * @returns undefined when somebody else was faster
   */
  move(item: PoolItem, change: PoolChange, ...sending: Sending): Promise<PoolItem | undefined>;
  /**
   * Takes an item from the books, as long as it is what was read. What it names must be an instance's by now, or gone.
   * @returns whether it was there, and was taken
   */
  forget(item: PoolItem, signal?: AbortSignal): Promise<boolean>;
}

/** Items that are read at a time. */
const PAGE = 1_000;

/** The pool of a fleet. @param global the CouchDB of `couchdb.url` */
export function createPoolStore(global: CouchServer): PoolStore {
  async function write(
    prefix: string,
    rev: string | undefined,
    change: PoolChange,
    ...[signal, guard]: Sending
  ): Promise<PoolItem> {
    const { state, cluster, definitions, fleet, job, domain } = change;
    const fields = {
      state,
      cluster,
      definitions,
      fleet,
      job,
      ...defined({ domain }),
      since: new Date().toISOString(),
    };
    const document = { _id: prefix, ...defined({ _rev: rev }), ...fields };
    const written = await global.putDocument(POOL, document, signal, guard);
    return { prefix, rev: written, ...fields };
  }

  const documentOf = (prefix: string, signal: AbortSignal | undefined) =>
    unlessNoDatabase(global.getDocument(POOL, prefix, signal));

  return {
    async add(prefix, change, signal, guard) {
      try {
        return await write(prefix, undefined, change, signal, guard);
      } catch (error) {
        if (!isNoDatabase(error)) throw error;
        await global.createDatabase(POOL, signal, { shards: 'server', guard });
        return await write(prefix, undefined, change, signal, guard);
      }
    },

    async list(signal) {
      const items: PoolItem[] = [];
      const unreadable: string[] = [];
      let startKey = '';
      for (;;) {
        const rows = await pageFrom(global, startKey, signal);
        for (const { doc } of rows) {
          // One that went while it was read.
          if (!doc) continue;
          const item = readPoolItem(doc);
          if (item !== undefined) items.push(item);
          else if (!doc._id.startsWith('_design/')) unreadable.push(doc._id);
        }
        const last = rows.at(-1);
        if (rows.length < PAGE || last === undefined) return { items, unreadable };
        startKey = `${last.id}\u0000`;
      }
    },

    async get(prefix, signal) {
      const document = await documentOf(prefix, signal);
      return document && readPoolItem(document);
    },

    async knows(prefix, signal) {
      return (await documentOf(prefix, signal)) !== undefined;
    },

    async move(item, change, signal, guard) {
      try {
        return await write(item.prefix, item.rev, change, signal, guard);
      } catch (error) {
        if (isStatus(error, 409)) return undefined;
        throw error;
      }
    },

    async forget({ prefix, rev }, signal) {
      try {
        await global.deleteDocument(POOL, prefix, rev, signal);
        return true;
      } catch (error) {
        if (isStatus(error, 409) || isStatus(error, 404)) return false;
        throw error;
      }
    },
  };
}

async function pageFrom(
  global: CouchServer,
  startKey: string,
  signal: AbortSignal | undefined,
): Promise<ViewRow[]> {
  try {
    const query = { startKey, includeDocs: true, limit: PAGE };
    return await global.allDocuments(POOL, query, signal);
  } catch (error) {
    if (isNoDatabase(error)) return [];
    throw error;
  }
}
