import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CouchDocument } from '../../../src/couchdb/documents.ts';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import {
  directoryDocument,
  ROOT_ID,
  rootDocument,
  trashDocument,
} from '../../../src/instances/documents/file-documents.ts';
import { checkFiles, type FileChecks } from '../../../src/instances/fsck/check-files.ts';
import type { FileFinding } from '../../../src/instances/fsck/findings.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import type { TestCouch } from '../../support/servers.ts';
import { brief } from './brief.ts';

const NOW = '2026-01-02T03:04:05.678Z';

/** The files of one instance, as its stack would have written them, and the means to spoil them. */
export interface TestInstance {
  readonly domain: string;
  readonly prefix: string;
  /** Full name of the database of files. */
  readonly database: string;
  /** Full name of the database of their versions. */
  readonly versions: string;
  /** Where something of the instance is on disk. */
  onDisk(path: string): string;
  /** Adds a directory on both sides; its id is its path with dashes. */
  addDirectory(path: string): Promise<void>;
  /** Adds a file on both sides; its id is its path with dashes. */
  addFile(path: string, content: string, more?: object): Promise<void>;
  /** Adds an old version of a file on both sides. */
  addVersion(fileId: string, versionId: string, content: string): Promise<void>;
  put(document: CouchDocument): Promise<void>;
  /** Changes fields of a document of the files, as nobody should. */
  change(id: string, fields: object): Promise<void>;
  /** Removes a document of the files. */
  remove(id: string): Promise<void>;
  /** Gives a document of the files a second revision that conflicts with its own. */
  conflict(id: string): Promise<void>;
  findings(checks?: FileChecks): Promise<FileFinding[]>;
  /** The findings in brief: type and what they are about. */
  check(checks?: FileChecks): Promise<string[]>;
}

/** Id that `addDirectory` and `addFile` give. */
export function idAt(path: string): string {
  if (path === '/') return ROOT_ID;
  return path === '/.cozy_trash' ? 'io.cozy.files.trash-dir' : `at${path.replaceAll('/', '-')}`;
}

/** Size and digest of content, as documents have them. */
export function contentFields(content: string): { size: string; md5sum: string } {
  return {
    size: String(Buffer.byteLength(content)),
    md5sum: createHash('md5').update(content).digest('base64'),
  };
}

/** Makes an instance that has root, trash, `/Administrative`, `/Photos` and `/Photos/cat.jpg`. */
export async function makeTestInstance(
  couch: TestCouch,
  server: CouchServer,
  storageRoot: string,
): Promise<TestInstance> {
  const domain = `fsck-${randomBytes(6).toString('hex')}.example.org`;
  const prefix = prefixOf(domain);
  const database = databaseName(prefix, 'io.cozy.files');
  const versions = databaseName(prefix, 'io.cozy.files.versions');
  const storage = fileStorage(storageRoot);
  const onDisk = (path: string): string => join(storageRoot, domain, path);

  async function existing(id: string): Promise<CouchDocument & { _rev: string }> {
    const document = await server.getDocument(database, id);
    if (document === undefined) throw new Error(`${id} is not there`);
    return document;
  }

  const instance: TestInstance = {
    domain,
    prefix,
    database,
    versions,
    onDisk,
    async addDirectory(path) {
      await mkdir(onDisk(path));
      const place = { name: path.slice(path.lastIndexOf('/') + 1), parentId: idAt(dirname(path)), path };
      const document = directoryDocument({ ...place, now: NOW, createdOn: `https://${domain}/` });
      await instance.put({ _id: idAt(path), ...document });
    },
    async addFile(path, content, more = {}) {
      await writeFile(onDisk(path), content);
      const name = path.slice(path.lastIndexOf('/') + 1);
      const file = { type: 'file', name, dir_id: idAt(dirname(path)), trashed: false };
      const times = { created_at: NOW, updated_at: NOW };
      await instance.put({ _id: idAt(path), ...file, ...times, ...contentFields(content), ...more });
    },
    async addVersion(fileId, versionId, content) {
      const directory = onDisk(`/.cozy_versions/${fileId.slice(0, 4)}/${fileId.slice(4)}`);
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, versionId), content);
      await server.putDocument(versions, { _id: `${fileId}/${versionId}`, ...contentFields(content) });
    },
    async put(document) {
      await server.putDocument(database, document);
    },
    async change(id, fields) {
      await server.putDocument(database, { ...(await existing(id)), ...fields });
    },
    async remove(id) {
      await server.deleteDocument(database, id, (await existing(id))._rev);
    },
    async conflict(id) {
      const rival = { ...(await existing(id)), _rev: `1-${'0'.repeat(32)}` };
      const answer = await fetch(`${couch.origin}/${encodeURIComponent(database)}/_bulk_docs`, {
        method: 'POST',
        headers: { authorization: couch.authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ docs: [rival], new_edits: false }),
      });
      if (!answer.ok) throw new Error(`the conflict was refused: ${answer.status}`);
    },
    async findings(checks = { index: true, files: true }) {
      const found: FileFinding[] = [];
      for await (const finding of checkFiles({ server, storage, instance: { domain, prefix } }, checks)) {
        found.push(finding);
      }
      return found;
    },
    check: async (checks) => (await instance.findings(checks)).map(brief).sort(),
  };

  await server.createDatabase(database);
  await server.createDatabase(versions);
  await mkdir(onDisk('/'));
  await mkdir(onDisk('/.cozy_trash'));
  await instance.put(rootDocument(NOW, false));
  await instance.put(trashDocument(NOW));
  await instance.addDirectory('/Administrative');
  await instance.addDirectory('/Photos');
  await instance.addFile('/Photos/cat.jpg', 'meow');
  return instance;
}

/** Removes the databases; the storage goes with its directory. */
export async function removeTestInstance(server: CouchServer, { prefix }: TestInstance): Promise<void> {
  for (const name of await server.listDatabases(`${prefix}/`)) await server.deleteDatabase(name);
}
