import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { StackAdminConfig } from '../../src/config/config.ts';
import type { StoredDocument } from '../../src/couchdb/documents.ts';
import { everyDocument } from '../../src/couchdb/every-document.ts';
import type { CouchServer } from '../../src/couchdb/server.ts';
import { databaseName, databasePrefix, databaseRange } from '../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { findByNames } from '../../src/instances/lookup/lookup.ts';
import { listeningOn } from './listening-on.ts';
import { type ZipContent, zipOf } from './zip-writer.ts';

const PASSPHRASE = 'the admin passphrase';
const EXPORTS = 'global/io-cozy-exports';
const FILES = 'io.cozy.files';
const VERSIONS = 'io.cozy.files.versions';

/** What this stack does wrong, until it is set otherwise. */
export interface StackFaults {
  /** Ids of files and versions whose content its storage has lost. */
  readonly lost: Set<string>;
  /** Ids of files and versions whose content is another one, as long. */
  readonly spoiled: Set<string>;
  /** Ids of documents that are not in an archive. */
  readonly forgotten: Set<string>;
  /** How its jobs end. */
  job: 'done' | 'errored' | 'conflict' | 'never';
  /** What becomes of parts on their way: `cut` closes the connection half-way, `short` ends a ZIP before its first file. */
  parts: 'whole' | 'cut' | 'short';
  /** What it answers to everything. */
  answer: { readonly status: number; readonly type: string; readonly body: string } | undefined;
  /** Done once an export is made, before anything is downloaded. */
  onExported: ((domain: string) => Promise<void>) | undefined;
}

/** The routes of a stack's admin port that make archives, on the documents of a CouchDB. */
export interface ArchiveStack {
  readonly admin: StackAdminConfig;
  readonly faults: StackFaults;
  /** Requests that came: `POST <domain>`, `GET <domain> <cursor>`. */
  readonly asked: readonly string[];
  /** Files of a part. */
  filesOfPart: number;
  /** Puts a file into the root of an instance. @returns its id */
  putFile(instance: StoredInstance, name: string, content: string): Promise<string>;
  /** Gives a file an older content. @returns the id of the version */
  putVersion(instance: StoredInstance, fileId: string, content: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * A stand-in for a stack (`model/move/export.go`): it makes archives of what CouchDB has as a stack does, in the same
 * order, with names and states as recorded from a real one (`test/golden/archive`).
 * @param couchOf asked with each request, for a fleet may come up after its stack
 */
export async function startArchiveStack(couchOf: () => CouchServer): Promise<ArchiveStack> {
  const contents = new Map<string, Buffer>();
  const asked: string[] = [];
  const faults: StackFaults = {
    lost: new Set(),
    spoiled: new Set(),
    forgotten: new Set(),
    job: 'done',
    parts: 'whole',
    answer: undefined,
    onExported: undefined,
  };
  /** Archives as their exports made them, by id: documents but those of files. */
  const archives = new Map<string, ZipContent[]>();
  const stack = { filesOfPart: 1_000 };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const port = await listeningOn(server);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://stack');
    // As a stack does, which takes the parts of a path as they come.
    const [, , domain = '', what, exportId = ''] = pathname.split('/');
    if (faults.answer !== undefined) {
      const { status, type, body } = faults.answer;
      return send(response, status, type, body);
    }
    const expected = `Basic ${Buffer.from(`:${PASSPHRASE}`).toString('base64')}`;
    if (request.headers.authorization !== expected) return send(response, 401, 'text/plain', 'Unauthorized');
    const [instance] = await findByNames(couchOf(), [domain]);
    if (instance === undefined) {
      const errors = [{ status: '404', title: 'Not Found', detail: 'Instance not found', source: {} }];
      return send(response, 404, 'application/vnd.api+json', JSON.stringify({ errors }));
    }
    if (request.method === 'POST' && what === 'export') {
      asked.push(`POST ${domain}`);
      return send(response, 202, 'application/json', JSON.stringify(await startExport(instance)));
    }
    const cursor = searchParams.get('cursor') ?? '';
    asked.push(`GET ${domain} ${cursor}`);
    const zip = await partOf(instance, exportId, cursor);
    if (zip === undefined) return send(response, 404, 'text/plain; charset=UTF-8', 'exports: not found');
    response.writeHead(200, { 'content-type': 'application/zip' });
    if (faults.parts === 'cut') {
      response.write(zip.subarray(0, zip.length / 2), () => response.destroy());
      return;
    }
    response.end(zip);
  }

  async function startExport(instance: StoredInstance): Promise<StoredDocument> {
    const { domain } = instance;
    const jobs = databaseOf(instance, 'io.cozy.jobs');
    const message = { parts_size: 0, max_age: 0, contextual_domain: domain, admin_req: true };
    const job = { _id: randomUUID().replaceAll('-', ''), domain, worker: 'export', message, state: 'queued' };
    const queued = { ...job, _rev: await couchOf().putDocument(jobs, job) };
    if (faults.job === 'never') return queued;
    if (faults.job !== 'done') {
      const error =
        faults.job === 'conflict'
          ? 'code=409, message=export: an archive is already being created'
          : 'open /exports: no space left on device';
      await couchOf().putDocument(jobs, { ...queued, state: 'errored', error });
      return queued;
    }
    const exportId = randomUUID().replaceAll('-', '');
    archives.set(exportId, await documentsOf(instance));
    await couchOf().createDatabase(EXPORTS);
    const created = new Date();
    await couchOf().putDocument(EXPORTS, {
      _id: exportId,
      domain,
      parts_cursors: (await pagesOf(instance)).slice(1).map(([first]) => cursorOf(first)),
      state: 'done',
      created_at: created.toISOString(),
      expires_at: new Date(created.getTime() + 7 * 24 * 3600 * 1000).toISOString(),
    });
    await couchOf().putDocument(jobs, { ...queued, state: 'done' });
    await faults.onExported?.(domain);
    return queued;
  }

  /** What the stack writes as the export runs: all documents but files and versions. */
  async function documentsOf(instance: StoredInstance): Promise<ZipContent[]> {
    const { _id, _rev, domain, prefix } = instance;
    const found = [json('instance', { _id, _rev, domain, prefix })];
    const range = databaseRange(databasePrefix(instance));
    const doctypes = (await couchOf().listDatabases(range)).map((name) =>
      name.slice(range.length).replaceAll('-', '.'),
    );
    for (const doctype of doctypes) {
      for await (const document of everyDocument(couchOf(), databaseOf(instance, doctype))) {
        if (doctype === VERSIONS || (doctype === FILES && document['type'] === 'file')) continue;
        if (!faults.forgotten.has(document._id)) found.push(json(`${doctype}/${document._id}`, document));
      }
    }
    return found;
  }

  /** Files and versions as parts have them. */
  async function pagesOf(instance: StoredInstance): Promise<StoredDocument[][]> {
    const all: StoredDocument[] = [];
    for (const doctype of [FILES, VERSIONS]) {
      if (!(await couchOf().databaseExists(databaseOf(instance, doctype)))) continue;
      for await (const document of everyDocument(couchOf(), databaseOf(instance, doctype))) {
        if (doctype === VERSIONS || document['type'] === 'file') all.push(document);
      }
    }
    const pages: StoredDocument[][] = [[]];
    for (const document of all) {
      if (pages.at(-1)?.length === stack.filesOfPart) pages.push([]);
      pages.at(-1)?.push(document);
    }
    return pages;
  }

  async function partOf(
    instance: StoredInstance,
    exportId: string,
    cursor: string,
  ): Promise<Buffer | undefined> {
    const documents = archives.get(exportId);
    const pages = await pagesOf(instance);
    const page = cursor === '' ? pages[0] : pages.find(([first]) => cursorOf(first) === cursor);
    if (documents === undefined || page === undefined) return undefined;
    const parts = cursor === '' ? [...documents] : [];
    if (faults.parts === 'short') return zipOf(parts);
    for (const document of page) {
      const { _id: id } = document;
      const isFile = document['type'] === 'file';
      if (faults.forgotten.has(id)) continue;
      parts.push(json(`${isFile ? FILES : VERSIONS}/${id}`, document));
      const bytes = contents.get(id);
      if (bytes === undefined || faults.lost.has(id)) continue;
      const sent = faults.spoiled.has(id) ? Buffer.alloc(bytes.length, 'x') : bytes;
      parts.push({ name: `My Cozy/Files/${isFile ? document['name'] : id}`, bytes: sent });
    }
    return zipOf(parts);
  }

  async function put(
    instance: StoredInstance,
    doctype: string,
    document: { readonly _id: string },
    content: string,
  ): Promise<string> {
    const bytes = Buffer.from(content);
    const md5sum = createHash('md5').update(bytes).digest('base64');
    const database = databaseOf(instance, doctype);
    await couchOf().createDatabase(database);
    await couchOf().putDocument(database, { ...document, size: String(bytes.length), md5sum });
    contents.set(document._id, bytes);
    return document._id;
  }

  return {
    admin: { url: `http://127.0.0.1:${port}`, passphrase: PASSPHRASE },
    faults,
    asked,
    get filesOfPart() {
      return stack.filesOfPart;
    },
    set filesOfPart(files) {
      stack.filesOfPart = files;
    },
    putFile(instance, name, content) {
      const file = { type: 'file', name, dir_id: 'io.cozy.files.root-dir', trashed: false };
      return put(instance, FILES, { _id: randomUUID().replaceAll('-', ''), ...file }, content);
    },
    putVersion(instance, fileId, content) {
      return put(instance, VERSIONS, { _id: `${fileId}/1-${randomUUID().replaceAll('-', '')}` }, content);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function databaseOf(instance: StoredInstance, doctype: string): string {
  return databaseName(databasePrefix(instance), doctype);
}

function cursorOf(document: StoredDocument | undefined): string {
  return `${document?.['type'] === 'file' ? FILES : VERSIONS}/${document?._id}`;
}

function json(name: string, document: object): ZipContent {
  return { name: `My Cozy/Data/${name}.json`, bytes: Buffer.from(JSON.stringify(document)) };
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
}
