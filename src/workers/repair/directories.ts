import type { CouchDocument, StoredDocument } from '../../couchdb/documents.ts';
import { insertMissing } from '../../couchdb/insert-missing.ts';
import { derivedId } from '../../derived-id.ts';
import { FILES } from '../../instances/databases/databases.ts';
import {
  directoryDocument,
  ROOT_ID,
  rootDocument,
  trashDocument,
} from '../../instances/documents/file-documents.ts';
import { incarnationOf } from '../../instances/documents/incarnation.ts';
import { cozyUrl } from '../../instances/domains/registration-link.ts';
import { pathWithin } from '../../instances/fsck/directory-places.ts';
import type { EntryFinding, FoundDirectory } from '../../instances/fsck/findings.ts';
import { type IndexedDirectory, indexEntry } from '../../instances/fsck/index-entry.ts';
import { databaseOf } from '../instance/databases-of.ts';
import type { RepairContext } from './context.ts';

/** Names that a stack refuses (`docs/cozy-data.md` §3.4), and those that were not valid UTF-8 on disk. */
const ILLEGAL_NAME = /^\.{0,2}$|[/\0\n\r\ufffd]/;

/** Writes the documents of root and trash that are missing. */
export async function writeRootAndTrash(
  context: RepairContext,
  findings: readonly EntryFinding[],
): Promise<void> {
  const { server, name } = databaseOf(context, context.instance, FILES);
  const now = new Date().toISOString();
  const documents = findings.map(
    ({ type }): CouchDocument =>
      type === 'index_missing_root' ? { ...rootDocument(now, false) } : { ...trashDocument(now) },
  );
  await insertMissing(server, name, documents, context.signal, () => context.lease.assertHeld());
}

/** Gives a directory the path that its parents have; every other field stays as it is. */
export async function correctPath(context: RepairContext, finding: EntryFinding): Promise<void> {
  const { server, name } = databaseOf(context, context.instance, FILES);
  const { signal, lease } = context;
  const found = finding.dir_doc;
  const document = await readDirectory(context, found?._id);
  // Where its owner moved it meanwhile, the stack wrote its path.
  if (document === undefined || found === undefined || hasChanged(found, document)) return;
  const path = await rootedPath(context, document);
  if (path === undefined) return;
  await server.putDocument(name, { ...document, path }, signal, () => lease.assertHeld());
}

/** Makes the directory on disk that a document tells of, where the one it is in is there. */
export async function makeDirectory(context: RepairContext, finding: EntryFinding): Promise<void> {
  const { storage, instance, lease } = context;
  const document = await readDirectory(context, finding.dir_doc?._id);
  const path = document === undefined ? undefined : await rootedPath(context, document);
  // Where its path is wrong, it is not known which of the two the disk has.
  if (path === undefined || path !== document?.['path']) return;
  if (!(await hasParent(context, path))) return;
  lease.assertHeld();
  await storage.makeDirectories(instance.domain, [path]);
}

/** Writes the document of a directory that is on disk, where the one it is in has one. */
export async function writeDirectoryDocument(context: RepairContext, finding: EntryFinding): Promise<void> {
  const { storage, instance, linkScheme = 'https', signal, lease } = context;
  const { server, name: database } = databaseOf(context, context.instance, FILES);
  const { path, name = '' } = finding.dir_doc ?? {};
  if (path === undefined || ILLEGAL_NAME.test(name)) return;
  if (!(await storage.hasDirectory(instance.domain, path))) return;
  // A stack makes the directory first: it may have written its document since.
  if ((await directoriesAt(context, path)).length > 0) return;
  const [parent, ...others] = await directoriesAt(context, parentOf(path));
  if (parent === undefined || others.length > 0) return;
  if ((await rootedPath(context, parent)) !== parentOf(path)) return;
  const place = { name, parentId: parent._id, path };
  const times = { now: new Date().toISOString(), createdOn: cozyUrl(linkScheme, instance.domain) };
  const document = { _id: idOf(context, path), ...directoryDocument({ ...place, ...times }) };
  await insertMissing(server, database, [document], signal, () => lease.assertHeld());
}

/** The root is in the storage itself, which without the fleet's id is the place of a disk that is not mounted. */
async function hasParent({ storage, instance }: RepairContext, path: string): Promise<boolean> {
  if (path === '/') return (await storage.readFleetId()) !== undefined;
  return await storage.hasDirectory(instance.domain, parentOf(path));
}

/** An id that a second run finds again: two documents for one directory would be two directories. */
function idOf({ instance }: RepairContext, path: string): string {
  return derivedId(incarnationOf(instance), path);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function hasChanged(found: FoundDirectory, document: StoredDocument): boolean {
  const now = directoryOf(document);
  return now?.name !== found.name || now.parentId !== found.dir_id || now.storedPath !== found.path;
}

async function directoriesAt(context: RepairContext, path: string): Promise<StoredDocument[]> {
  const { server, name } = databaseOf(context, context.instance, FILES);
  const { signal } = context;
  if (path === '/') {
    const root = await readDirectory(context, ROOT_ID);
    return root === undefined ? [] : [root];
  }
  const query = { selector: { path }, use_index: 'dir-by-path', limit: 2 };
  return (await server.find(name, query, signal)).filter((each) => directoryOf(each) !== undefined);
}

/** Where a directory is by the names of its parents; undefined when they do not lead to the root. */
async function rootedPath(context: RepairContext, document: StoredDocument): Promise<string | undefined> {
  const names: string[] = [];
  const seen = new Set<string>();
  for (let at = directoryOf(document); at !== undefined; ) {
    if (at.id === ROOT_ID) return names.reduceRight(pathWithin, '/');
    if (seen.has(at.id) || at.name === '') return undefined;
    seen.add(at.id);
    names.push(at.name);
    const parent = await readDirectory(context, at.parentId);
    at = parent === undefined ? undefined : directoryOf(parent);
  }
  return undefined;
}

async function readDirectory(
  context: RepairContext,
  id: string | undefined,
): Promise<StoredDocument | undefined> {
  if (id === undefined || id === '') return undefined;
  const { server, name } = databaseOf(context, context.instance, FILES);
  const document = await server.getDocument(name, id, context.signal);
  return document !== undefined && directoryOf(document) !== undefined ? document : undefined;
}

function directoryOf(document: CouchDocument): IndexedDirectory | undefined {
  const entry = indexEntry(document);
  return entry?.kind === 'directory' ? entry : undefined;
}
