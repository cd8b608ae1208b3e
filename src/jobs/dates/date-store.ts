import { slices } from '../../chunk.ts';
import type { CouchDocument } from '../../couchdb/documents.ts';
import { isNoDatabase, isStatus, unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { defined } from '../../defined.ts';
import { FleetError } from '../../errors.ts';
import { type NewDate, readDate, type StoredDate } from './date-document.ts';

/**
 * The database of dates, on the CouchDB of `couchdb.url`. It is below no prefix, so that nothing takes it for an
 * instance's.
 */
export const DATES = 'cozy-fleet-dates';

/** Dates as they were read. */
export interface DatePage {
  readonly dates: readonly StoredDate[];
  /** Ids of documents that are none of ours, or of a later version: nothing is done about them. */
  readonly unreadable: readonly string[];
}

/** The dates of a fleet. CouchDB alone knows them: a Redis that was lost takes none away. */
export interface DateStore {
  /** All dates; none where none was ever set. */
  list(signal?: AbortSignal): Promise<DatePage>;
  /** Those with these ids, by id. */
  lookUp(
    ids: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, StoredDate | 'unreadable'>>;
  get(id: string, signal?: AbortSignal): Promise<StoredDate | 'unreadable' | undefined>;
  /**
   * Writes dates in few requests, each as long as it is what was read, or new.
   * @returns each as it is stored now, in their order; undefined for one that somebody else has written meanwhile
   */
  write(dates: readonly NewDate[], signal?: AbortSignal): Promise<(StoredDate | undefined)[]>;
  /** Takes dates away, each as long as it is what was read. @returns of each whether it was taken away */
  drop(dates: readonly StoredDate[], signal?: AbortSignal): Promise<boolean[]>;
  /**
   * Where the changes of the database end, and whether there were any after that place.
   * @param since as it was answered before; `0` for the first time
   */
  changedSince(
    since: string,
    signal?: AbortSignal,
  ): Promise<{ readonly changed: boolean; readonly at: string }>;
}

/** Documents that are read or written at a time. */
const PAGE = 500;

/** @param global the CouchDB of `couchdb.url` */
export function createDateStore(global: CouchServer): DateStore {
  async function bulk(
    documents: readonly CouchDocument[],
    signal?: AbortSignal,
  ): Promise<(string | undefined)[]> {
    const revisions: (string | undefined)[] = [];
    for (const some of slices(documents, PAGE)) {
      for (const { id, rev, error, reason } of await bulkPage(some, signal)) {
        if (rev === undefined && error !== 'conflict') throw notWritten(id, error, reason);
        revisions.push(rev);
      }
    }
    return revisions;
  }

  /** The database is made with the first date. */
  async function bulkPage(documents: readonly CouchDocument[], signal?: AbortSignal) {
    try {
      return await global.bulkInsert(DATES, documents, signal);
    } catch (error) {
      // Of one document the refusal stands for the answer.
      const [only, ...others] = documents;
      if (only !== undefined && others.length === 0 && isStatus(error, 409))
        return [{ id: only._id, error: 'conflict', reason: '' }];
      if (!isNoDatabase(error)) throw error;
      await global.createDatabase(DATES, signal, { shards: 'server' });
      return await global.bulkInsert(DATES, documents, signal);
    }
  }

  async function get(id: string, signal?: AbortSignal): Promise<StoredDate | 'unreadable' | undefined> {
    const document = await unlessNoDatabase(global.getDocument(DATES, id, signal));
    return document && (readDate(document) ?? 'unreadable');
  }

  return {
    get,

    async list(signal) {
      const dates: StoredDate[] = [];
      const unreadable: string[] = [];
      let startKey: string | undefined;
      for (;;) {
        const query = { includeDocs: true, limit: PAGE, ...(startKey !== undefined && { startKey }) };
        const rows = (await unlessNoDatabase(global.allDocuments(DATES, query, signal))) ?? [];
        for (const { doc } of rows) {
          if (!doc) continue;
          const date = readDate(doc);
          if (date !== undefined) dates.push(date);
          else if (!doc._id.startsWith('_design/')) unreadable.push(doc._id);
        }
        const last = rows.at(-1);
        if (rows.length < PAGE || last === undefined) return { dates, unreadable };
        startKey = `${last.id}\u0000`;
      }
    },

    async lookUp(ids, signal) {
      const found = new Map<string, StoredDate | 'unreadable'>();
      for (const keys of slices(ids, PAGE)) {
        const rows = await unlessNoDatabase(global.allDocuments(DATES, { keys, includeDocs: true }, signal));
        for (const { doc } of rows ?? []) if (doc) found.set(doc._id, readDate(doc) ?? 'unreadable');
      }
      return found;
    },

    async write(dates, signal) {
      const documents = dates.map(({ _rev, ...date }) => ({ ...date, ...defined({ _rev }) }));
      const revisions = await bulk(documents, signal);
      return dates.map((date, at) => {
        const _rev = revisions[at];
        return _rev === undefined ? undefined : { ...date, _rev };
      });
    },

    async drop(dates, signal) {
      const gone = dates.map(({ _id, _rev }) => ({ _id, _rev, _deleted: true }));
      return (await bulk(gone, signal)).map((rev) => rev !== undefined);
    },

    async changedSince(since, signal) {
      const changes = await unlessNoDatabase(global.changes(DATES, since, PAGE, signal));
      if (changes === undefined) return { changed: false, at: '0' };
      return { changed: changes.changes.length > 0, at: changes.lastSequence };
    },
  };
}

function notWritten(id: string, error = 'unknown', reason = ''): FleetError {
  return new FleetError('couchdb', `the date ${id} was not written: ${error} ${reason}`.trim());
}
