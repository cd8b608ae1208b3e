import nano from 'nano';
import pLimit from 'p-limit';
import { Agent } from 'undici';
import { answerOf, field, isStored, isSuccess, nanoAnswer, noAnswer } from './answers.ts';
import type {
  BulkRow,
  Change,
  Changes,
  CouchDocument,
  DatabaseSettings,
  IndexAnswer,
  StoredDocument,
  ViewQuery,
  ViewRow,
} from './documents.ts';
import { type CouchAnswer, CouchError } from './errors.ts';
import { databaseQuery, encodedId, viewQuery } from './paths.ts';
import { createTransport } from './transport.ts';

export type * from './documents.ts';

export interface CouchServerOptions extends DatabaseSettings {
  /** With credentials, as configured. */
  readonly url: string;
  /** Most requests under way at a time from this process. */
  readonly connections: number;
  /** Milliseconds without a byte from the server before a request is given up. */
  readonly timeout?: number;
}

/** One CouchDB cluster. Every method throws `CouchError`, or the signal's reason when aborted. */
export interface CouchServer {
  /** Host and port, for messages; never credentials. */
  readonly host: string;
  /** 412 and 201 are both fine for a repeatable step; which one it was matters to the caller. */
  createDatabase(name: string, signal?: AbortSignal): Promise<'created' | 'exists'>;
  /** @param guard called at the last moment before the request is sent, however long it had to wait for its turn */
  deleteDatabase(name: string, signal?: AbortSignal, guard?: () => void): Promise<'deleted' | 'missing'>;
  databaseExists(name: string, signal?: AbortSignal): Promise<boolean>;
  /** Names that begin with `start`, in byte order. */
  listDatabases(start: string, signal?: AbortSignal): Promise<string[]>;
  bulkInsert(database: string, documents: readonly CouchDocument[], signal?: AbortSignal): Promise<BulkRow[]>;
  getDocument(database: string, id: string, signal?: AbortSignal): Promise<StoredDocument | undefined>;
  /** @throws CouchError 409 when `_rev` is not the current one. */
  putDocument(database: string, document: CouchDocument, signal?: AbortSignal): Promise<string>;
  deleteDocument(database: string, id: string, rev: string, signal?: AbortSignal): Promise<void>;
  view(
    database: string,
    design: string,
    view: string,
    query: ViewQuery,
    signal?: AbortSignal,
  ): Promise<ViewRow[]>;
  allDocuments(database: string, query: ViewQuery, signal?: AbortSignal): Promise<ViewRow[]>;
  find(database: string, query: object, signal?: AbortSignal): Promise<StoredDocument[]>;
  /** What changed after that sequence, with documents, at most `limit` of them. @param since '0' for all */
  changes(database: string, since: string, limit: number, signal?: AbortSignal): Promise<Changes>;
  createIndex(database: string, body: object, signal?: AbortSignal): Promise<IndexAnswer>;
  /** Whether `/_up` answers 200; asks without credentials, so it never counts as a failed login. */
  isUp(signal?: AbortSignal): Promise<boolean>;
  /** Whether our credentials are accepted. One wrong call counts towards the account lockout. */
  isAuthorized(signal?: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/** Long enough for a loaded cluster to create a database, short enough to notice a dead one. */
const DEFAULT_TIMEOUT = 60_000;

/** How long a probe waits: an answer later than this is as good as none. */
const PROBE_TIMEOUT = 2_000;

/** Connects to one CouchDB cluster; nothing is sent before the first call. */
export function connectCouch(options: CouchServerOptions): CouchServer {
  const { url, connections, timeout = DEFAULT_TIMEOUT } = options;
  const { host } = new URL(url);
  const limit = pLimit(connections);
  const hot = createTransport({ url, connections, timeout });
  const agent = new Agent({ connections, headersTimeout: timeout, bodyTimeout: timeout });
  const wide = nano(nanoConfiguration(url, agent));
  const settings = databaseQuery(options);

  /** The few calls that make up nearly every request. */
  async function send(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    what: string,
    body?: unknown,
    signal?: AbortSignal,
    guard?: () => void,
  ): Promise<{ answer: CouchAnswer; body: unknown }> {
    return limit(async () => {
      signal?.throwIfAborted();
      guard?.();
      try {
        const exchange = await hot.send(method, path, body, signal);
        return { answer: answerOf(exchange.status, exchange.body), body: exchange.body };
      } catch (thrown) {
        signal?.throwIfAborted();
        throw new CouchError(host, what, noAnswer(thrown));
      }
    });
  }

  /** A call every creation makes; as with nano, anything but a success is thrown. */
  async function sendJson(
    method: 'GET' | 'PUT' | 'POST',
    path: string,
    what: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const sent = await send(method, path, what, body, signal);
    if (!isSuccess(sent.answer)) throw new CouchError(host, what, sent.answer);
    return sent.body;
  }

  /** Everything else, through nano. */
  async function ask(request: nano.RequestOptions, what: string, signal?: AbortSignal): Promise<unknown> {
    return limit(async () => {
      signal?.throwIfAborted();
      const withSignal = signal === undefined ? request : { ...request, signal };
      try {
        const answer: unknown = await wide.request(withSignal);
        return answer;
      } catch (thrown) {
        signal?.throwIfAborted();
        throw new CouchError(host, what, nanoAnswer(thrown));
      }
    });
  }

  async function readRows(
    database: string,
    path: string,
    query: ViewQuery,
    what: string,
    signal?: AbortSignal,
  ): Promise<ViewRow[]> {
    const target = `/${encodeURIComponent(database)}/${path}${viewQuery(query)}`;
    const { keys } = query;
    const answer =
      keys === undefined
        ? await sendJson('GET', target, what, undefined, signal)
        : await sendJson('POST', target, what, { keys }, signal);
    return field<ViewRow[]>(answer, 'rows', []);
  }

  return {
    host,

    async createDatabase(name, signal) {
      const what = `creating database ${name}`;
      const { answer } = await send(
        'PUT',
        `/${encodeURIComponent(name)}${settings}`,
        what,
        undefined,
        signal,
      );
      if (isSuccess(answer)) return 'created';
      if (answer.status === 412) return 'exists';
      throw new CouchError(host, what, answer);
    },

    async deleteDatabase(name, signal, guard) {
      const what = `deleting database ${name}`;
      const { answer } = await send('DELETE', `/${encodeURIComponent(name)}`, what, undefined, signal, guard);
      if (isSuccess(answer)) return 'deleted';
      if (answer.status === 404) return 'missing';
      throw new CouchError(host, what, answer);
    },

    async databaseExists(name, signal) {
      const what = `looking for database ${name}`;
      const { answer } = await send('GET', `/${encodeURIComponent(name)}`, what, undefined, signal);
      if (isSuccess(answer)) return true;
      if (answer.status === 404) return false;
      throw new CouchError(host, what, answer);
    },

    async listDatabases(start, signal) {
      const what = `listing databases ${start}*`;
      const end = `${start}\uffff`;
      const query = new URLSearchParams({ start_key: JSON.stringify(start), end_key: JSON.stringify(end) });
      const { answer, body } = await send('GET', `/_all_dbs?${query.toString()}`, what, undefined, signal);
      if (!isSuccess(answer)) throw new CouchError(host, what, answer);
      return Array.isArray(body)
        ? body.filter((name) => typeof name === 'string' && name.startsWith(start))
        : [];
    },

    async bulkInsert(database, documents, signal) {
      const what = `writing ${documents.length} documents to ${database}`;
      const path = `/${encodeURIComponent(database)}/_bulk_docs`;
      const { answer, body } = await send('POST', path, what, { docs: documents }, signal);
      if (!isSuccess(answer) || !Array.isArray(body)) throw new CouchError(host, what, answer);
      return body;
    },

    async getDocument(database, id, signal) {
      try {
        const what = `reading ${id} of ${database}`;
        const found = await ask({ db: database, path: encodedId(id) }, what, signal);
        return isStored(found) ? found : undefined;
      } catch (error) {
        if (error instanceof CouchError && error.status === 404) return undefined;
        throw error;
      }
    },

    async putDocument(database, document, signal) {
      const path = `/${encodeURIComponent(database)}/${encodedId(document._id)}`;
      const answer = await sendJson('PUT', path, `writing ${document._id} of ${database}`, document, signal);
      return field<string>(answer, 'rev', '');
    },

    async deleteDocument(database, id, rev, signal) {
      const request = { db: database, method: 'DELETE', path: encodedId(id), qs: { rev } };
      await ask(request, `deleting ${id} of ${database}`, signal);
    },

    view(database, design, view, query, signal) {
      const path = `_design/${encodeURIComponent(design)}/_view/${encodeURIComponent(view)}`;
      return readRows(database, path, query, `reading view ${design} of ${database}`, signal);
    },

    allDocuments(database, query, signal) {
      return readRows(database, '_all_docs', query, `listing documents of ${database}`, signal);
    },

    async find(database, query, signal) {
      const path = `/${encodeURIComponent(database)}/_find`;
      const answer = await sendJson('POST', path, `searching ${database}`, query, signal);
      return field<StoredDocument[]>(answer, 'docs', []);
    },

    async changes(database, since, limit, signal) {
      const query = new URLSearchParams({ since, limit: String(limit), include_docs: 'true' });
      const path = `/${encodeURIComponent(database)}/_changes?${query.toString()}`;
      const answer = await sendJson('GET', path, `reading changes of ${database}`, undefined, signal);
      const lastSequence = String(field<string | number>(answer, 'last_seq', since));
      return { changes: field<Change[]>(answer, 'results', []), lastSequence };
    },

    async createIndex(database, body, signal) {
      const request = { db: database, method: 'POST', path: '_index', body };
      const answer = await ask(request, `creating an index of ${database}`, signal);
      return { result: field(answer, 'result', 'created'), id: field(answer, 'id', '') };
    },

    async isUp(signal) {
      const open = new URL(url);
      open.username = '';
      open.password = '';
      open.pathname = `${open.pathname.replace(/\/$/, '')}/_up`;
      try {
        const response = await fetch(open, { signal: probeSignal(signal) });
        await response.arrayBuffer();
        return response.status === 200;
      } catch {
        signal?.throwIfAborted();
        return false;
      }
    },

    async isAuthorized(signal) {
      try {
        const exchange = await hot.send('GET', '/_all_dbs?limit=1', undefined, probeSignal(signal));
        return exchange.status === 200;
      } catch {
        signal?.throwIfAborted();
        return false;
      }
    },

    async close() {
      hot.close();
      await agent.destroy();
    },
  };
}

/** nano's types know neither `parseUrl` nor that an agent is an instance, though its code reads both. */
function nanoConfiguration(url: string, agentOptions: object): nano.Configuration {
  const more: object = { parseUrl: false, agentOptions };
  return Object.assign({ url }, more);
}

function probeSignal(signal: AbortSignal | undefined): AbortSignal {
  const late = AbortSignal.timeout(PROBE_TIMEOUT);
  return signal === undefined ? late : AbortSignal.any([signal, late]);
}
