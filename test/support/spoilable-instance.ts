import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CouchDocument, StoredDocument } from '../../src/couchdb/documents.ts';
import { createDesignSource } from '../../src/instances/databases/design-source.ts';
import { databaseName, databasePrefix } from '../../src/instances/databases/prefix.ts';
import type { InstanceDocument, StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { checkInstance, type FoundInInstance } from '../../src/instances/fsck/check-instance.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { createPrefixIndex } from '../../src/instances/lookup/prefix-index.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import type { RepairContext } from '../../src/workers/repair/context.ts';
import { type Repair, repairInstance } from '../../src/workers/repair/repair-instance.ts';
import { LostLock } from '../../src/workers/stage/lease.ts';
import { brief } from '../instances/fsck/brief.ts';
import { startTestFleet, type TestFleet } from './fleet.ts';

/** An instance made by a worker, the means to spoil it, and to see what becomes of it. */
export interface SpoilableInstance {
  readonly domain: string;
  /** Full name of one of its databases. */
  database(doctype: string): string;
  /** Where something of it is on disk. */
  onDisk(path: string): string;
  /** The document of the directory or file at that path. */
  at(path: string): Promise<StoredDocument>;
  put(doctype: string, document: CouchDocument): Promise<void>;
  /** Changes fields of a document; undefined takes one away. */
  change(doctype: string, id: string, fields: object): Promise<void>;
  remove(doctype: string, id: string): Promise<void>;
  /** Its document in `global/instances`. */
  document(): Promise<StoredInstance>;
  changeInstance(fields: Partial<InstanceDocument>): Promise<void>;
  findings(): Promise<FoundInInstance[]>;
  /** The findings in brief, sorted. */
  check(): Promise<string[]>;
  /**
   * @param isLost whether the job's lock is another's by now
   * @param changes of what the repair works with
   */
  repair(
    options?: { recreateEmpty: boolean },
    isLost?: boolean,
    changes?: Partial<RepairContext>,
  ): Promise<Repair>;
  /** All there is of it, to the byte. */
  everything(): Promise<unknown>;
}

/** Makes an instance that was there all the time. */
async function makeSpoilableInstance(fleet: TestFleet, name: string): Promise<SpoilableInstance> {
  const { server, storageRoot } = fleet;
  const domain = fleet.domain(name);
  const { end } = await fleet.create({ domain, email: 'alice@example.com', public_name: 'Alice' });
  if (end.state !== 'done') throw new Error(`${domain} was not made: ${JSON.stringify(end)}`);
  const made = await fleet.instance(domain);
  if (made === undefined) throw new Error(`${domain} is not there`);
  const prefix = databasePrefix(made);
  const storage = fileStorage(storageRoot);
  const designs = createDesignSource();
  const database = (doctype: string) => databaseName(prefix, doctype);
  const context = {
    global: server,
    cluster: () => server,
    prefixIndex: createPrefixIndex(server),
    storage,
    signal: new AbortController().signal,
  };

  async function read(doctype: string, id: string): Promise<StoredDocument> {
    const document = await server.getDocument(database(doctype), id);
    if (document === undefined) throw new Error(`${id} of ${doctype} is not there`);
    return document;
  }

  const spoilable: SpoilableInstance = {
    domain,
    database,
    onDisk: (path) => join(storageRoot, domain, path),
    async at(path) {
      const documents = await server.allDocuments(database('io.cozy.files'), { includeDocs: true });
      const found = documents.find(({ doc }) => doc?.['path'] === path)?.doc;
      if (!found) throw new Error(`nothing is at ${path}`);
      return found;
    },
    async put(doctype, document) {
      await server.putDocument(database(doctype), document);
    },
    async change(doctype, id, fields) {
      await server.putDocument(database(doctype), { ...(await read(doctype, id)), ...fields });
    },
    async remove(doctype, id) {
      await server.deleteDocument(database(doctype), id, (await read(doctype, id))._rev);
    },
    async document() {
      const document = await server.getDocument(INSTANCES, made._id);
      if (document === undefined) throw new Error(`${domain} has gone`);
      return { ...made, ...document };
    },
    async changeInstance(fields) {
      const document = await server.getDocument(INSTANCES, made._id);
      await server.putDocument(INSTANCES, { ...made, ...document, ...fields });
    },
    async findings() {
      const hasJob = () => Promise.resolve(false);
      const checked = { ...context, hasJob, instance: made };
      const found: FoundInInstance[] = [];
      for await (const each of checkInstance(checked, { index: true, files: true })) found.push(each);
      return found;
    },
    check: async () => (await spoilable.findings()).map(brief).sort(),
    repair: (options = { recreateEmpty: false }, isLost = false, changes = {}) => {
      const assertHeld = () => {
        if (isLost) throw new LostLock();
      };
      return repairInstance({
        ...context,
        designs,
        instance: made,
        options,
        locked: (work) => work(context.signal),
        willWrite: async () => undefined,
        lease: { assertHeld },
        ...changes,
      });
    },
    async everything() {
      const databases: Record<string, unknown> = {};
      for (const name of await server.listDatabases(`${prefix}/`)) {
        databases[name] = await server.allDocuments(name, { includeDocs: true, conflicts: true });
      }
      const instance = await server.getDocument(INSTANCES, made._id);
      return { databases, instance, files: await contentOf(storageRoot) };
    },
  };
  return spoilable;
}

/** Digests and times of all files, by path. */
async function contentOf(root: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { mode, mtimeMs } = await lstat(path);
    const digest = entry.isFile()
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : '';
    content[path] = `${mode} ${mtimeMs} ${digest}`;
  }
  return content;
}

/** Registers hooks that give each test of a suite an instance of its own to spoil. @param name begins their domains */
export function useSpoilableInstances(
  name: string,
): () => { readonly fleet: TestFleet; readonly spoilable: SpoilableInstance } {
  let fleet: TestFleet;
  let spoilable: SpoilableInstance;
  let made = 0;

  before(async () => {
    fleet = await startTestFleet();
  });

  after(() => fleet.close());

  beforeEach(async () => {
    made += 1;
    spoilable = await makeSpoilableInstance(fleet, `${name}-${made}`);
  });

  return () => ({ fleet, spoilable });
}
