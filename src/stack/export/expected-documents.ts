import { unlessNoDatabase } from '../../couchdb/errors.ts';
import { everyDocument } from '../../couchdb/every-document.ts';
import type { StoredDocument } from '../../couchdb/server.ts';
import { databaseName } from '../../instances/databases/prefix.ts';
import type { OwnerDatabases } from './owner-databases.ts';

export const FILES = 'io.cozy.files';
export const VERSIONS = 'io.cozy.files.versions';

/** A content as CouchDB describes it. */
export interface ExpectedContent {
  readonly doctype: string;
  readonly id: string;
  /** As the archive names it. */
  readonly path: string;
  /** For people: what looks like an id is masked in what is kept of a failure. */
  readonly name: string;
  readonly size: number | undefined;
  /** In base64; undefined where CouchDB has none. */
  readonly md5: string | undefined;
}

/** A document as CouchDB has it; of a file or a version with its content. */
export interface Expected {
  readonly rev: string;
  readonly content?: Omit<ExpectedContent, 'doctype' | 'id'>;
}

/** What of a doctype was not met yet in the archive. */
export type Remaining = Map<string, Expected>;

/** The files and the directories; a file whose directory is not there has a path that no archive can have. */
export async function readFiles(databases: OwnerDatabases): Promise<Remaining> {
  const paths = new Map<string, string>();
  const found: Remaining = new Map();
  const inside = new Map<string, { readonly directory: string; readonly name: string }>();
  await eachOf(databases, FILES, (document) => {
    const { _id: id, _rev: rev, type, path, name, dir_id, size, md5sum } = document;
    if (type !== 'file') {
      if (typeof path === 'string') paths.set(id, path);
      found.set(id, { rev });
      return;
    }
    inside.set(id, { directory: String(dir_id), name: String(name) });
    found.set(id, { rev, content: { path: '', name: '', size: sizeOf(size), md5: md5Of(md5sum) } });
  });
  for (const [id, { directory, name }] of inside) {
    const expected = found.get(id);
    const parent = paths.get(directory);
    const path = parent === undefined ? `?/${name}` : `${parent === '/' ? '' : parent}/${name}`;
    if (expected?.content === undefined) continue;
    const content = { ...expected.content, path, name: `file ${JSON.stringify(path)}` };
    found.set(id, { ...expected, content });
  }
  return found;
}

/** The older contents of files. @param files of all of them, by which versions are named */
export async function readVersions(
  databases: OwnerDatabases,
  files: ReadonlyMap<string, Expected>,
): Promise<Remaining> {
  const found: Remaining = new Map();
  await eachOf(databases, VERSIONS, ({ _id: id, _rev: rev, size, md5sum }) => {
    const [fileId = ''] = id.split('/');
    const name = `a version of ${files.get(fileId)?.content?.name ?? 'a file that is not there any more'}`;
    found.set(id, { rev, content: { path: `/${id}`, name, size: sizeOf(size), md5: md5Of(md5sum) } });
  });
  return found;
}

/** The documents of any other doctype. */
export async function readDocuments(databases: OwnerDatabases, doctype: string): Promise<Remaining> {
  const found: Remaining = new Map();
  await eachOf(databases, doctype, ({ _id, _rev }) => {
    found.set(_id, { rev: _rev });
  });
  return found;
}

/** Bytes of all contents of an instance, as CouchDB says. */
export async function contentBytesOf(databases: OwnerDatabases): Promise<number> {
  let bytes = 0;
  for (const doctype of [FILES, VERSIONS]) {
    await eachOf(databases, doctype, ({ size }) => {
      bytes += sizeOf(size) ?? 0;
    });
  }
  return bytes;
}

/** Documents of a doctype, design documents left out; none where there is no such database. */
async function eachOf(
  { server, prefix, signal }: OwnerDatabases,
  doctype: string,
  take: (document: StoredDocument) => void,
): Promise<void> {
  const read = async () => {
    for await (const document of everyDocument(server, databaseName(prefix, doctype), signal)) take(document);
  };
  await unlessNoDatabase(read());
}

/** A size as a stack stores it, in a text. */
function sizeOf(size: unknown): number | undefined {
  const value = typeof size === 'string' && /^\d{1,16}$/.test(size) ? Number(size) : size;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function md5Of(md5sum: unknown): string | undefined {
  return typeof md5sum === 'string' && md5sum !== '' ? md5sum : undefined;
}
