import type { Change, CouchDocument } from '../../couchdb/documents.ts';
import { defined } from '../../defined.ts';
import { isPoolPrefix } from '../databases/pool-prefix.ts';
import { classifyDocument, type Unreadable } from './classify-document.ts';
import { IdsByKey } from './ids-by-key.ts';
import { createLookAlikes } from './look-alikes.ts';
import {
  directoryKeys,
  type Keys,
  keysOf,
  type OwningField,
  prefixKeys,
  type Reading,
  readingsOf,
} from './readings.ts';

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
  /**
   * Ids of the documents with that `org_id`, in whatever case, those that cannot be read included.
   * @param but `_id` of a document that does not count
   */
  ofOrganization(orgId: string, but?: string): string[];
  /** Domains of the documents whose prefix is one of the pool: it does not tell what they were called before. */
  pooled(): Iterable<string>;
}

/** Documents by what they could own, one change after the other. */
export interface OwnerIndex extends PossibleOwners {
  take(change: Change): void;
}

interface IndexedDocument {
  readonly domain: string;
  /** In lower case; empty where it has none. */
  readonly orgId: string;
  readonly readings: readonly Reading[];
  readonly unreadable?: Unreadable;
}

/** An index of no document yet. */
export function createOwnerIndex(): OwnerIndex {
  const documents = new Map<string, IndexedDocument>();
  const revisions = new Map<string, string>();
  const unreadable = new Map<string, Unreadable>();
  const lookAlikes = createLookAlikes();
  /** Domains by id. */
  const pooled = new Map<string, string>();
  const prefixes = new IdsByKey();
  const directories = new IdsByKey();
  const organizations = new IdsByKey();

  function forget(id: string): void {
    organizations.delete(documents.get(id)?.orgId ?? '', id);
    documents.delete(id);
    revisions.delete(id);
    unreadable.delete(id);
    lookAlikes.delete(id);
    pooled.delete(id);
  }

  function takeKeys(verb: 'add' | 'delete', id: string, readings: readonly Reading[]): void {
    for (const keys of readings.map(keysOf)) {
      for (const key of keys.prefixes) prefixes[verb](key, id);
      for (const key of keys.directories) directories[verb](key, id);
    }
  }

  function ownersAmong(
    ids: Iterable<string>,
    but: string | undefined,
    isMeant: (keys: Keys, reading: Reading) => boolean,
  ): PossibleOwner[] {
    return [...ids].flatMap((_id) => {
      const document = _id === but ? undefined : documents.get(_id);
      const reading = document?.readings.find((each) => isMeant(keysOf(each), each));
      if (document === undefined || reading === undefined) return [];
      const { domain, unreadable } = document;
      return [defined({ _id, domain, field: reading.field, unreadable })];
    });
  }

  return {
    take({ id, deleted, doc }) {
      const before = documents.get(id)?.readings ?? [];
      const document = deleted === true || id.startsWith('_design/') ? undefined : describe(doc);
      forget(id);
      if (deleted !== true && doc._rev !== undefined) revisions.set(id, doc._rev);
      const readings = document?.readings ?? [];
      // Most writes leave names and prefix as they were, and working out the keys costs more than all the rest.
      if (!isSame(before, readings)) {
        takeKeys('delete', id, before);
        takeKeys('add', id, readings);
      }
      if (document === undefined) return;
      documents.set(id, document);
      if (document.orgId !== '') organizations.add(document.orgId, id);
      lookAlikes.add(id, document.readings);
      if (document.unreadable !== undefined) unreadable.set(id, document.unreadable);
      if (document.readings.some(({ field, text }) => field === 'prefix' && isPoolPrefix(text))) {
        pooled.set(id, document.domain);
      }
    },
    get size() {
      return documents.size;
    },
    unreadable: () => [...unreadable.values()],
    revisionOf: (id) => revisions.get(id),
    looksLike: lookAlikes.of,
    ofOrganization: (orgId, but) => [...organizations.of(orgId.toLowerCase())].filter((id) => id !== but),
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
}

function isSame(one: readonly Reading[], other: readonly Reading[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ field, text }, at) => field === other[at]?.field && text === other[at]?.text)
  );
}

function describe(document: CouchDocument): IndexedDocument {
  const readings = readingsOf(document);
  const result = classifyDocument({ _rev: '', ...document });
  const { org_id: organization } = document;
  const orgId = typeof organization === 'string' ? organization.toLowerCase() : '';
  if (result.readable) return { domain: result.instance.domain, orgId, readings };
  return { domain: result.unreadable.domain, orgId, readings, unreadable: result.unreadable };
}
