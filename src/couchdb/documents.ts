/** Any JSON document with an id. */
export interface CouchDocument {
  readonly _id: string;
  readonly _rev?: string;
  readonly [field: string]: unknown;
}

/** A document as CouchDB has it. */
export interface StoredDocument extends CouchDocument {
  readonly _rev: string;
}

/** What became of one document of a `_bulk_docs`: stored, or refused with CouchDB's `error`. */
export interface BulkRow {
  readonly id: string;
  readonly rev?: string | undefined;
  readonly error?: string | undefined;
  readonly reason?: string | undefined;
}

/** One row of a view or of `_all_docs`. */
export interface ViewRow {
  readonly id: string;
  readonly key: unknown;
  /** Null where the document is gone; absent where documents were not asked for. */
  readonly doc?: StoredDocument | null | undefined;
  /** `not_found` where there is no document with a key that was asked for. */
  readonly error?: string | undefined;
}

/** Parameters of a view or `_all_docs`; keys are JSON values. */
export interface ViewQuery {
  readonly keys?: readonly string[];
  readonly startKey?: string;
  readonly endKey?: string;
  readonly includeDocs?: boolean;
  /** Gives each document that has conflicting revisions a `_conflicts`; only with `includeDocs`. */
  readonly conflicts?: boolean;
  readonly limit?: number;
}

/** Answer of `POST /<db>/_index`. */
export interface IndexAnswer {
  readonly result: 'created' | 'exists';
  readonly id: string;
}

/** Settings of the databases made here, `q` of those of instances alone; absent = the server's own (`ARCHITECTURE.md` §2). */
export interface DatabaseSettings {
  readonly q?: number | undefined;
  readonly n?: number | undefined;
}

/** Called at the last moment before a request is sent, however long that had to wait for its turn; throws to keep it back. */
export type Guard = () => void;

/** How a write is sent. */
export type Sending = [signal?: AbortSignal | undefined, guard?: Guard | undefined];

/** How a database is made. */
export interface NewDatabase {
  /** `server`: as the server has them, whatever `q` says. */
  readonly shards?: 'server';
  readonly guard?: Guard | undefined;
}

/** A document as `_changes` has it; of one that was deleted, `doc` is what is left. */
export interface Change {
  readonly id: string;
  readonly deleted?: boolean | undefined;
  readonly doc: CouchDocument;
}

/** A page of `_changes`. */
export interface Changes {
  readonly changes: readonly Change[];
  /** Where the next page begins. */
  readonly lastSequence: string;
}

/** What CouchDB says of a database as a whole. */
export interface DatabaseFacts {
  /** Documents that are there, design documents too. */
  readonly documents: number;
  /**
   * When it was made, in seconds since 1970 as a text: another one of the same name has another. Servers before
   * CouchDB 3.3 say `0` of each.
   */
  readonly madeAt: string;
  /** How many nodes have a copy of each of its documents; undefined where the server does not say. */
  readonly copies: number | undefined;
  /** After all of its changes by now: what comes later, `_changes` tells from there on. */
  readonly sequence: string;
}
