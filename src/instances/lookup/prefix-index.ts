import type { Change, Changes } from '../../couchdb/documents.ts';
import { CouchError, isNoDatabase } from '../../couchdb/errors.ts';
import { onAbort } from '../../couchdb/on-abort.ts';
import { generationOf } from '../../couchdb/revision-generation.ts';
import { sequenceNumber } from '../../couchdb/sequence-number.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { databasePrefix } from '../databases/prefix.ts';
import { INSTANCES } from './lookup.ts';
import { createOwnerIndex, type OwnerIndex, type PossibleOwner, type PossibleOwners } from './owner-index.ts';
import { createSharedRun } from './shared-run.ts';

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

/** What was read of one database. */
interface Reading {
  readonly index: OwnerIndex;
  /** Where the next page begins. */
  since: string;
  /** When the database was made, where that was asked (`DatabaseFacts`). */
  readonly madeAt?: string;
  /** Whether it was read to its end. */
  isWhole: boolean;
}

/**
 * Reads all documents once, and then only the changes: no index of the stack's is by prefix, and to read 20,000
 * documents for each destruction would cost more than the destruction. Callers that wait at the same time share one
 * request.
 *
 * A database that was deleted and restored meanwhile, or put back to an earlier state, never tells of what it does not have
 * any more, or of what is below the sequence that it has not reached again. So it is read anew, beside what is known
 * until then, once its answer shows that it may be another one: CouchDB begins anew where a sequence is of another
 * database, and tells again of documents at a revision that is known.
 * @param pageMs how long a page may take, in milliseconds
 */
export function createPrefixIndex(global: CouchServer, pageMs = PAGE_MS): PrefixIndex {
  const catchUp = createSharedRun(readChanges);
  let reading: Reading = { index: createOwnerIndex(), since: '0', isWhole: false };
  let isStale = false;

  async function readChanges(unwanted: AbortSignal): Promise<void> {
    if (!isStale && (await goesOn(unwanted))) return;
    // Until it was read to its end: what is known says nothing any more.
    isStale = true;
    const { madeAt } = await within(unwanted, (signal) => global.databaseFacts(INSTANCES, signal));
    const fresh = { index: createOwnerIndex(), since: '0', madeAt, isWhole: false };
    if (!(await readOn(fresh, unwanted))) throw failed(global.host, 'it was made anew while it was read');
    reading = fresh;
    isStale = false;
  }

  /** @returns whether what is known is as the database is now */
  async function goesOn(unwanted: AbortSignal): Promise<boolean> {
    try {
      return await readOn(reading, unwanted);
    } catch (error) {
      // Whatever comes in the place of one that is gone has to be read from its begin.
      if (isNoDatabase(error) && reading.isWhole) isStale = true;
      throw error;
    }
  }

  /** @returns false as soon as it has to be read anew */
  async function readOn(known: Reading, unwanted: AbortSignal): Promise<boolean> {
    for (;;) {
      const page = await within(unwanted, (signal) => global.changes(INSTANCES, known.since, PAGE, signal));
      if (await isAnother(known, page, unwanted)) return false;
      for (const change of page.changes) known.index.take(change);
      known.since = page.lastSequence;
      if (page.changes.length < PAGE) {
        known.isWhole = true;
        return true;
      }
    }
  }

  /** Nodes of a cluster that stand in for each other tell again, too: where it was asked before, its time of making decides. */
  async function isAnother(
    { index, since, madeAt, isWhole }: Reading,
    { changes, lastSequence }: Changes,
    unwanted: AbortSignal,
  ): Promise<boolean> {
    if (sequenceNumber(lastSequence) < sequenceNumber(since)) return true;
    if (!changes.some((change) => isToldAgain(index, change))) return false;
    if (madeAt === undefined) return true;
    if (madeAt === UNKNOWN_TIME) return isWhole;
    const now = await within(unwanted, (signal) => global.databaseFacts(INSTANCES, signal));
    return now.madeAt !== madeAt;
  }

  async function within<T>(unwanted: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const ends = new AbortController();
    const timer = setTimeout(
      () => ends.abort(failed(global.host, `no answer within ${pageMs / 1000} s`)),
      pageMs,
    ).unref();
    const forget = onAbort(unwanted, () => ends.abort(unwanted.reason));
    try {
      return await ask(ends.signal);
    } finally {
      clearTimeout(timer);
      forget();
    }
  }

  const owners: PossibleOwners = {
    get size() {
      return reading.index.size;
    },
    unreadable: () => reading.index.unreadable(),
    looksLike: (name) => reading.index.looksLike(name),
    revisionOf: (id) => reading.index.revisionOf(id),
    ofPrefix: (prefix, but) => reading.index.ofPrefix(prefix, but),
    ofDirectory: (name, but) => reading.index.ofDirectory(name, but),
    ofOrganization: (orgId, but) => reading.index.ofOrganization(orgId, but),
    pooled: () => reading.index.pooled(),
  };

  return {
    async refresh(signal) {
      await catchUp(signal);
      return owners;
    },
  };
}

/** Said of each database by servers before CouchDB 3.3. */
const UNKNOWN_TIME = '0';

/** Whether a document is told of at a revision that it had before, or has left behind: what has changed has a higher one. */
function isToldAgain(index: OwnerIndex, { id, deleted, doc }: Change): boolean {
  const known = index.revisionOf(id);
  if (deleted === true || known === undefined || doc._rev === undefined) return false;
  return generationOf(doc._rev) <= generationOf(known);
}

function failed(host: string, reason: string): CouchError {
  return new CouchError(host, `reading changes of ${INSTANCES}`, { status: undefined, error: '', reason });
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
