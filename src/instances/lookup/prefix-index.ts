import type { Change, Changes, CouchDocument } from '../../couchdb/documents.ts';
import { CouchError } from '../../couchdb/errors.ts';
import { onAbort } from '../../couchdb/on-abort.ts';
import { sequenceNumber } from '../../couchdb/sequence-number.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { defined } from '../../defined.ts';
import { isPoolPrefix } from '../databases/pool-prefix.ts';
import { databasePrefix } from '../databases/prefix.ts';
import { classifyDocument, type Unreadable } from './classify-document.ts';
import { IdsByKey } from './ids-by-key.ts';
import { createLookAlikes } from './look-alikes.ts';
import { INSTANCES } from './lookup.ts';
import {
  directoryKeys,
  type Keys,
  keysOf,
  type OwningField,
  prefixKeys,
  type Reading,
  readingsOf,
} from './readings.ts';
import { createSharedRun } from './shared-run.ts';

/** A document that could mean something, and the field by which it could. */
export interface PossibleOwner {
  readonly _id: string;
  /** Empty where it has none that can be read. */
  readonly domain: string;
  readonly field: OwningField;
  /** Why its meaning is not known; absent for a document that can be read. */
  readonly unreadable?: Unreadable;
}

/** The documents of `global/instances` by what they could own, as they were at the last refresh. */
export interface PossibleOwners {
  /** How many documents there are; design documents are none. */
  readonly size: number;
  /** Those that cannot be read. */
  unreadable(): Unreadable[];
  /** Ids of the documents that CouchDB could find by that name without their having it as it is written (`look-alikes.ts`). */
  looksLike(name: string): string[];
  /**
   * The revision that a document had, a design document too; undefined where it was not there, or where that is not
   * known. With several copies of a database it is that of one of them, and says less than the document itself
   * (`has-one-copy.ts`).
   */
  revisionOf(id: string): string | undefined;
  /**
   * The documents to which databases of that prefix could belong, by any reading.
   * @param but `_id` of a document that does not count
   */
  ofPrefix(prefix: string, but?: string): PossibleOwner[];
  /**
   * The documents to which the directory of that name could belong: by a name of theirs, or because they have the
   * databases of an instance of that name, as one that was renamed by hand.
   * @param but `_id` of a document that does not count
   */
  ofDirectory(name: string, but?: string): PossibleOwner[];
  /** Domains of the documents whose prefix is one of the pool: it does not tell what they were called before. */
  pooled(): Iterable<string>;
}

/** All documents of `global/instances`, by the prefixes and the directories that they could own. */
export interface PrefixIndex {
  /**
   * Reads what has changed. The answer follows later refreshes too, so that it is to be asked at once. Callers share
   * requests, so that whoever is about to remove something asks for its lease afterwards.
   * @throws CouchError 404 where there is no such database
   */
  refresh(signal?: AbortSignal): Promise<PossibleOwners>;
}

/** Documents that are read at a time. */
const PAGE = 1000;

/** How long a page may take with all its tries, in milliseconds: no signal of a caller ends what others wait for. */
const PAGE_MS = 60_000;

interface IndexedDocument {
  readonly domain: string;
  readonly readings: readonly Reading[];
  readonly unreadable?: Unreadable;
}

/**
 * Reads all documents once, and then only the changes: no index of the stack's is by prefix, and to read 20,000
 * documents for each destruction would cost more than the destruction. Callers that wait at the same time share one
 * request.
 * @param pageMs how long a page may take, in milliseconds
 */
export function createPrefixIndex(global: CouchServer, pageMs = PAGE_MS): PrefixIndex {
  const documents = new Map<string, IndexedDocument>();
  const revisions = new Map<string, string>();
  const unreadable = new Map<string, Unreadable>();
  const lookAlikes = createLookAlikes();
  /** Domains by id. */
  const pooled = new Map<string, string>();
  const prefixes = new IdsByKey();
  const directories = new IdsByKey();
  const catchUp = createSharedRun(readChanges);
  let since = '0';

  function forget(id: string): void {
    for (const keys of (documents.get(id)?.readings ?? []).map(keysOf)) {
      for (const key of keys.prefixes) prefixes.delete(key, id);
      for (const key of keys.directories) directories.delete(key, id);
    }
    documents.delete(id);
    revisions.delete(id);
    unreadable.delete(id);
    lookAlikes.delete(id);
    pooled.delete(id);
  }

  function index({ id, deleted, doc }: Change): void {
    forget(id);
    if (deleted === true) return;
    if (doc._rev !== undefined) revisions.set(id, doc._rev);
    if (id.startsWith('_design/')) return;
    const document = describe(doc);
    documents.set(id, document);
    lookAlikes.add(id, document.readings);
    if (document.unreadable !== undefined) unreadable.set(id, document.unreadable);
    if (document.readings.some(({ field, text }) => field === 'prefix' && isPoolPrefix(text))) {
      pooled.set(id, document.domain);
    }
    for (const keys of document.readings.map(keysOf)) {
      for (const key of keys.prefixes) prefixes.add(key, id);
      for (const key of keys.directories) directories.add(key, id);
    }
  }

  async function readChanges(unwanted: AbortSignal): Promise<void> {
    for (;;) {
      const { changes, lastSequence } = await readPage(unwanted);
      // A database of that name that was made anew: what it does not have is not told.
      if (sequenceNumber(lastSequence) < sequenceNumber(since)) revisions.clear();
      for (const change of changes) index(change);
      since = lastSequence;
      if (changes.length < PAGE) return;
    }
  }

  async function readPage(unwanted: AbortSignal): Promise<Changes> {
    const ends = new AbortController();
    const timer = setTimeout(() => ends.abort(tooLate(global.host, pageMs)), pageMs).unref();
    const forget = onAbort(unwanted, () => ends.abort(unwanted.reason));
    try {
      return await global.changes(INSTANCES, since, PAGE, ends.signal);
    } finally {
      clearTimeout(timer);
      forget();
    }
  }

  function ownersAmong(
    ids: Iterable<string>,
    but: string | undefined,
    isMeant: (keys: Keys, reading: Reading) => boolean,
  ): PossibleOwner[] {
    return [...ids].flatMap((_id) => {
      const document = documents.get(_id);
      const reading = document?.readings.find((each) => isMeant(keysOf(each), each));
      if (_id === but || document === undefined || reading === undefined) return [];
      const { domain, unreadable } = document;
      return [defined({ _id, domain, field: reading.field, unreadable })];
    });
  }

  const owners: PossibleOwners = {
    get size() {
      return documents.size;
    },
    unreadable: () => [...unreadable.values()],
    revisionOf: (id) => revisions.get(id),
    looksLike: lookAlikes.of,
    pooled: () => pooled.values(),
    ofPrefix(prefix, but) {
      const keys = prefixKeys(prefix);
      const ids = new Set(keys.flatMap((key) => [...prefixes.of(key)]));
      return ownersAmong(ids, but, (owned) => keys.some((key) => owned.prefixes.has(key)));
    },
    ofDirectory(name, but) {
      const keys = directoryKeys(name);
      const ids = new Set(keys.flatMap((key) => [...directories.of(key)]));
      const byName = ownersAmong(ids, but, (owned) => keys.some((key) => owned.directories.has(key)));
      const starts = [...keysOf({ field: 'domain', text: name }).prefixes];
      const others = new Set(starts.flatMap((key) => [...prefixes.of(key)]).filter((id) => !ids.has(id)));
      const byPrefix = ownersAmong(
        others,
        but,
        (owned, { field }) => field === 'prefix' && starts.some((key) => owned.prefixes.has(key)),
      );
      return [...byName, ...byPrefix];
    },
  };

  return {
    async refresh(signal) {
      await catchUp(signal);
      return owners;
    },
  };
}

function tooLate(host: string, ms: number): CouchError {
  const answer = { status: undefined, error: '', reason: `no answer within ${ms / 1000} s` };
  return new CouchError(host, `reading changes of ${INSTANCES}`, answer);
}

function describe(document: CouchDocument): IndexedDocument {
  const readings = readingsOf(document);
  const result = classifyDocument({ _rev: '', ...document });
  if (result.readable) return { domain: result.instance.domain, readings };
  return { domain: result.unreadable.domain, readings, unreadable: result.unreadable };
}

/** Documents, other than its own, that could mean what an instance has. */
export interface PrefixSharers {
  readonly databases: readonly PossibleOwner[];
  readonly directory: readonly PossibleOwner[];
}

/** The other documents that could mean the databases and the directory of an instance. */
export function sharersOf(
  owners: PossibleOwners,
  instance: { readonly _id: string; readonly domain: string; readonly prefix?: string },
): PrefixSharers {
  const { _id, domain } = instance;
  return {
    databases: owners.ofPrefix(databasePrefix(instance), _id),
    directory: owners.ofDirectory(domain, _id),
  };
}
