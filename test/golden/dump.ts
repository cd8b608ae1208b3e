import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { StoredDocument } from '../../src/couchdb/documents.ts';
import type { CouchServer } from '../../src/couchdb/server.ts';

/** A directory or file under the storage root of an instance. */
export interface TreeEntry {
  /** Relative; ends with a slash when it is a directory. */
  readonly path: string;
  /** Permission bits in octal. */
  readonly mode: string;
  /** Of a file, unpacked when its name ends with `.br`. */
  readonly content_sha256?: string;
}

type Document = Record<string, unknown>;

/** An instance as the golden files hold it: random values, times and ids replaced by their kind. */
export interface Dump {
  readonly instance: Document;
  /** By name without prefix. */
  readonly databases: Record<string, Document[]>;
  readonly tree: readonly TreeEntry[];
}

/** Byte fields of the instance document, which the golden files give by their length. */
const SECRETS = new Set(['register_token', 'session_secret', 'oauth_secret', 'cli_secret']);

/** Fields whose content differs each time and has no length to speak of. */
const OPAQUE = new Set([
  'passphrase_hash',
  'security_stamp',
  'key',
  'public_key',
  'private_key',
  'encrypted_organization_key',
  'organization_id',
  'collection_id',
]);

const GENERATED_ID = /^[0-9a-f]{32}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

function normaliseValue(field: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => normaliseValue('', item));
  if (typeof value === 'object' && value !== null) return normaliseFields(value);
  if (typeof value !== 'string') return value;
  if (field === 'map') return '<javascript>';
  if (TIME.test(value)) return '<time>';
  // A reference to a generated id is as unknown as the id; those of root and trash are fixed.
  return GENERATED_ID.test(value) ? '<id>' : value;
}

function normaliseFields(fields: object): Document {
  const entries = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([field, value]) => [field, normaliseValue(field, value)]));
}

function normaliseSecret(field: string, value: unknown): unknown {
  if (OPAQUE.has(field)) return `<${field}>`;
  if (!SECRETS.has(field) || typeof value !== 'string' || !BASE64.test(value)) return value;
  return `<base64 of ${Buffer.from(value, 'base64').length} bytes>`;
}

/** One document as the golden files hold it; only a Mango design document keeps its `_rev`. */
export function normaliseDocument(document: StoredDocument): Document {
  const { _rev, ...rest } = document;
  if (document['language'] === 'query') return normaliseFields({ _rev, ...rest });
  const entries = Object.entries(rest).map(([field, value]) => [field, normaliseSecret(field, value)]);
  return normaliseFields(Object.fromEntries(entries));
}

/** Order of a dump: by id, then path, then all the rest, for generated ids are all alike. */
export function inOrder(documents: readonly Document[]): Document[] {
  const rank = (document: Document) =>
    `${String(document['_id'])} ${String(document['path'] ?? '')} ${JSON.stringify(document)}`;
  return [...documents].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

/** Everything of one instance, as the golden files hold it. */
export async function dumpInstance(
  server: CouchServer,
  instance: StoredDocument,
  directory: string,
): Promise<Dump> {
  const start = `${String(instance['prefix'])}/`;
  const databases: Record<string, Document[]> = {};
  for (const name of await server.listDatabases(start)) {
    const rows = await server.allDocuments(name, { includeDocs: true });
    const documents = rows.flatMap(({ doc }) => (doc ? [normaliseDocument(doc)] : []));
    databases[name.slice(start.length)] = inOrder(documents);
  }
  return { instance: normaliseDocument(instance), databases, tree: await treeOf(directory) };
}

async function treeOf(directory: string, below = ''): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for (const entry of await readdir(join(directory, below), { withFileTypes: true })) {
    const path = entry.isDirectory() ? `${below}${entry.name}/` : `${below}${entry.name}`;
    const { mode } = await lstat(join(directory, path));
    const found = { path, mode: (mode & 0o7777).toString(8) };
    if (entry.isDirectory()) entries.push(found, ...(await treeOf(directory, path)));
    else entries.push({ ...found, content_sha256: await digestOf(join(directory, path)) });
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function digestOf(file: string): Promise<string> {
  const stored = await readFile(file);
  const content = file.endsWith('.br') ? brotliDecompressSync(stored) : stored;
  return createHash('sha256').update(content).digest('hex');
}
