import type { CouchTls } from '../config/couch-tls.ts';
import {
  bulkRows,
  changesPage,
  databaseDone,
  databaseFacts,
  databaseInfo,
  databaseNames,
  documentRows,
  documentWithId,
  type ExpectedAnswer,
  foundDocuments,
  indexAnswer,
  VIEW_TOTALS,
  type ViewTotal,
  viewRows,
  writtenDocument,
} from './answers.ts';
import type {
  BulkRow,
  Changes,
  CouchDocument,
  DatabaseFacts,
  DatabaseSettings,
  IndexAnswer,
  NewDatabase,
  Sending,
  StoredDocument,
  ViewQuery,
  ViewRow,
} from './documents.ts';
import { saysNoDatabase, saysNoDocument } from './errors.ts';
import { createHealthProbe, type Health } from './health.ts';
import { createHttpTransport } from './http-transport.ts';
import { createLocalBook, type LoginBook } from './login-gate.ts';
import { changesRequest, databaseQuery, encodedId, pathOf, viewPath, viewQuery } from './paths.ts';
import { createCouchRequests } from './requests.ts';
import { createSilenceWatch } from './silence-watch.ts';
import { createConnector } from './tls.ts';
import type { CreateTransport } from './transport.ts';

export type * from './documents.ts';

export interface CouchServerOptions extends DatabaseSettings {
  /** With credentials, as configured. */
  readonly url: string;
  /** Most requests under way at a time from this process. */
  readonly connections: number;
  /** Milliseconds without a byte from the server before a write is given up. */
  readonly timeout?: number;
  /** Milliseconds without a byte before a read is given up, which is sent again then. */
  readonly readTimeout?: number;
  readonly tls?: CouchTls | undefined;
  /** Whether requests fail within seconds, writes too, where not even `/_up` is answered: for who is waited for himself. */
  readonly failsSoon?: boolean | undefined;
  /** What sends requests; absent = what is loaded soonest (`http-transport.ts`). */
  readonly createTransport?: CreateTransport | undefined;
  /** The book that all clients with this URL ask before they log in; absent = one of this client alone. */
  bookAt?(url: string): LoginBook;
}

/**
 * One CouchDB cluster. Every method throws `CouchError`, or the signal's reason when aborted. What is answered was
 * said by CouchDB, whole: "missing" is its own word, and a list never ends early. Reads are sent again after what
 * passes by itself, writes never: after an error, they may have gone through.
 */
export interface CouchServer {
  /** Host and port, for messages; never credentials. */
  readonly host: string;
  /** 412 and 201 are both fine for a repeatable step. */
  createDatabase(name: string, signal?: AbortSignal, how?: NewDatabase): Promise<'created' | 'exists'>;
  deleteDatabase(name: string, ...sending: Sending): Promise<'deleted' | 'missing'>;
  databaseExists(name: string, signal?: AbortSignal): Promise<boolean>;
  /** Names that begin with `start`, in byte order. */
  listDatabases(start: string, signal?: AbortSignal): Promise<string[]>;
  bulkInsert(database: string, documents: readonly CouchDocument[], ...sending: Sending): Promise<BulkRow[]>;
  /**
   * @returns undefined when there is no such document
   * @throws CouchError 404 when there is no such database
   */
  getDocument(database: string, id: string, signal?: AbortSignal): Promise<StoredDocument | undefined>;
  /**
   * @returns the new revision
   * @throws CouchError 409 when `_rev` is not the current one
   */
  putDocument(database: string, document: CouchDocument, ...sending: Sending): Promise<string>;
  deleteDocument(database: string, id: string, rev: string, ...sending: Sending): Promise<void>;
  view(
    database: string,
    design: string,
    view: string,
    query: ViewQuery,
    signal?: AbortSignal,
  ): Promise<ViewRow[]>;
  /** What the view with the name of its design document says of all of its rows together. */
  viewTotal(database: string, design: string, total: ViewTotal, signal?: AbortSignal): Promise<unknown>;
  allDocuments(database: string, query: ViewQuery, signal?: AbortSignal): Promise<ViewRow[]>;
  find(database: string, query: object, signal?: AbortSignal): Promise<StoredDocument[]>;
  /** What changed after that sequence, with documents, at most `limit` of them. @param since '0' for all */
  changes(database: string, since: string, limit: number, signal?: AbortSignal): Promise<Changes>;
  /**
   * As `changes`, but where nothing has changed yet it waits for it, so many milliseconds at the most. Sent once, and
   * not again: who follows a database asks the next time by itself.
   */
  awaitChanges(
    database: string,
    since: string,
    limit: number,
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<Changes>;
  /** @throws CouchError 404 when there is no such database */
  databaseFacts(database: string, signal?: AbortSignal): Promise<DatabaseFacts>;
  createIndex(database: string, body: object, signal?: AbortSignal): Promise<IndexAnswer>;
  /** What the server says of itself at a path such as `/_membership`; sent once (`server-facts.ts`). */
  ask<T>(path: string, expected: ExpectedAnswer<T>, signal?: AbortSignal): Promise<T>;
  /** How it is; asks without credentials, so it never counts as a failed login. */
  health(signal?: AbortSignal): Promise<Health>;
  /**
   * When our user and password are tried next, in milliseconds since 1970; undefined unless they were refused.
   * Until then no request is sent.
   */
  readonly nextTry: number | undefined;
  /** Whether our user and password are accepted by now; they are tried only when it is time for it. */
  isAuthorized(signal?: AbortSignal): Promise<boolean>;
  /** Logs in ahead of requests that come in a moment, where they would have to wait for it; never throws. */
  logInAhead(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Long enough for a loaded cluster to create a database, short enough to notice a dead one. */
const DEFAULT_TIMEOUT_MS = 60_000;
/** A read costs the server little: one that is silent for this long has lost it. */
const DEFAULT_READ_TIMEOUT_MS = 10_000;
/** Nothing is sent of a view before its index is built, which goes on whether or not a request waits for it. */
const DEFAULT_SEARCH_TIMEOUT_MS = 30_000;
/** Milliseconds within which the answer to a request that waits has to come once its time is over. */
const LATE_MS = 2_000;

/** Connects to one CouchDB cluster; nothing is sent before the first call. */
export function connectCouch(options: CouchServerOptions): CouchServer {
  const { url, connections, timeout = DEFAULT_TIMEOUT_MS, readTimeout = DEFAULT_READ_TIMEOUT_MS } = options;
  const searchTimeout = options.readTimeout ?? DEFAULT_SEARCH_TIMEOUT_MS;
  const { host } = new URL(url);
  const connect = createConnector(options.tls);
  const transport = (options.createTransport ?? createHttpTransport)({ url, connections, connect });
  const probe = createHealthProbe(url, connect);
  const book = options.bookAt?.(url) ?? createLocalBook();
  const isSilent = async () => (await probe.ask()).state === 'silent';
  const silence = options.failsSoon === true ? createSilenceWatch({ isSilent }) : undefined;
  const requests = { host, transport, connections, timeout, readTimeout, book, silence };
  const { read, write, once, gate, isLetIn, logInAhead } = createCouchRequests(requests);

  function readRows(
    path: string,
    query: ViewQuery,
    what: string,
    expected: ExpectedAnswer<ViewRow[]>,
    signal: AbortSignal | undefined,
    timeoutMs = readTimeout,
  ): Promise<ViewRow[]> {
    const { keys } = query;
    const asked =
      keys === undefined ? { method: 'GET' as const } : { method: 'POST' as const, body: { keys } };
    return read({ ...asked, path: `${path}${viewQuery(query)}`, what, expected, signal, timeoutMs });
  }

  return {
    host,

    async createDatabase(name, signal, { shards, guard } = {}) {
      const what = `creating database ${name}`;
      const path = `${pathOf(name)}${databaseQuery(shards === 'server' ? { n: options.n } : options)}`;
      const made = await write(
        { method: 'PUT', path, what, expected: databaseDone, signal, guard },
        ({ status, error }) =>
          status === 412 && error === 'file_exists' ? { value: 'exists' as const } : undefined,
      );
      return made === 'exists' ? made : 'created';
    },

    async deleteDatabase(name, signal, guard) {
      const what = `deleting database ${name}`;
      const gone = await write(
        { method: 'DELETE', path: pathOf(name), what, expected: databaseDone, signal, guard },
        (refused) => (saysNoDatabase(refused) ? { value: 'missing' as const } : undefined),
      );
      return gone === 'missing' ? gone : 'deleted';
    },

    async databaseExists(name, signal) {
      const what = `looking for database ${name}`;
      const found = await read(
        { method: 'GET', path: pathOf(name), what, expected: databaseInfo(name), signal },
        (refused) => (saysNoDatabase(refused) ? { value: false as const } : undefined),
      );
      return found !== false;
    },

    listDatabases(start, signal) {
      const what = `listing databases ${start}*`;
      const end = `${start}\uffff`;
      const query = new URLSearchParams({ start_key: JSON.stringify(start), end_key: JSON.stringify(end) });
      const path = `/_all_dbs?${query.toString()}`;
      return read({ method: 'GET', path, what, expected: databaseNames(start), signal });
    },

    bulkInsert(database, documents, signal, guard) {
      const what = `writing ${documents.length} documents to ${database}`;
      const path = `${pathOf(database)}/_bulk_docs`;
      const expected = bulkRows(documents);
      return write({ method: 'POST', path, what, body: { docs: documents }, expected, signal, guard });
    },

    getDocument(database, id, signal) {
      const what = `reading ${id} of ${database}`;
      const path = `${pathOf(database)}/${encodedId(id)}`;
      return read({ method: 'GET', path, what, expected: documentWithId(id), signal }, (refused) =>
        saysNoDocument(refused) ? { value: undefined } : undefined,
      );
    },

    async putDocument(database, document, signal, guard) {
      const { _id } = document;
      const what = `writing ${_id} of ${database}`;
      const path = `${pathOf(database)}/${encodedId(_id)}`;
      const sent = { path, what, body: document, expected: writtenDocument(_id), signal, guard };
      const { rev } = await write({ method: 'PUT', ...sent });
      return rev;
    },

    async deleteDocument(database, id, rev, signal, guard) {
      const what = `deleting ${id} of ${database}`;
      const path = `${pathOf(database)}/${encodedId(id)}?rev=${encodeURIComponent(rev)}`;
      await write({ method: 'DELETE', path, what, expected: writtenDocument(id), signal, guard });
    },

    view(database, design, view, query, signal) {
      const what = `reading view ${design} of ${database}`;
      const path = viewPath(database, design, view);
      return readRows(path, query, what, viewRows(query), signal, searchTimeout);
    },

    viewTotal(database, design, total, signal) {
      const what = `reading view ${design} of ${database}`;
      const { query, expected } = VIEW_TOTALS[total];
      const path = `${viewPath(database, design, design)}${query}`;
      return read({ method: 'GET', path, what, expected, signal, timeoutMs: searchTimeout });
    },

    allDocuments(database, query, signal) {
      const path = `${pathOf(database)}/_all_docs`;
      return readRows(path, query, `listing documents of ${database}`, documentRows(query), signal);
    },

    find(database, query, signal) {
      const path = `${pathOf(database)}/_find`;
      const what = `searching ${database}`;
      const request = { method: 'POST', path, what, body: query, expected: foundDocuments } as const;
      return read({ ...request, signal, timeoutMs: searchTimeout });
    },

    changes: (database, since, limit, signal) =>
      read({ ...changesRequest(database, since, limit), expected: changesPage, signal }),

    awaitChanges(database, since, limit, waitMs, signal) {
      const request = changesRequest(database, since, limit);
      const path = `${request.path}&feed=longpoll&timeout=${waitMs}`;
      return once({ ...request, path, expected: changesPage, signal, timeoutMs: waitMs + LATE_MS });
    },

    databaseFacts(database, signal) {
      const what = `looking at database ${database}`;
      return read({ method: 'GET', path: pathOf(database), what, expected: databaseFacts(database), signal });
    },

    createIndex(database, body, signal) {
      const path = `${pathOf(database)}/_index`;
      const what = `creating an index of ${database}`;
      return write({ method: 'POST', path, what, body, expected: indexAnswer, signal });
    },

    ask: (path, expected, signal) =>
      once({ method: 'GET', path, what: `asking for ${path}`, expected, signal, timeoutMs: readTimeout }),
    health: (signal) => probe.ask(signal),
    get nextTry() {
      return gate.nextTry;
    },
    isAuthorized: (signal) => isLetIn(signal),
    logInAhead,

    async close() {
      transport.close();
      probe.close();
    },
  };
}
