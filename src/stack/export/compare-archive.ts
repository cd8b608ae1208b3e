import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { archiveEntry } from './archive-entry.ts';
import {
  type ExpectedContent,
  FILES,
  type Remaining,
  readDocuments,
  readFiles,
  readVersions,
  VERSIONS,
} from './expected-documents.ts';
import { brokenArchive } from './export-error.ts';
import { doctypesOf, type OwnerDatabases } from './owner-databases.ts';
import { openZip, type ZipEntry, type ZipFile } from './zip-file.ts';

/** What the archive has otherwise than CouchDB says. */
export interface Difference {
  readonly doctype: string;
  readonly id: string;
  /** In words, with the path of a file. */
  readonly what: string;
}

/** What an archive was found to hold. */
export interface Comparison {
  readonly differences: readonly Difference[];
  /** With those that are not listed. */
  readonly total: number;
  readonly files: number;
  readonly versions: number;
  readonly documents: number;
  readonly contentBytes: number;
  readonly withoutMd5: number;
}

export interface CompareOptions {
  readonly databases: OwnerDatabases;
  readonly domain: string;
  /** Id of the instance's document. */
  readonly instanceId: string;
  /** Where the parts are, and their names in their order. */
  readonly directory: string;
  readonly parts: readonly string[];
}

/** Differences that are kept: each is judged later, and the first ones are told. */
const MOST_KEPT = 1_000;

/** No document of a stack is as long. */
const LONGEST_DOCUMENT = 64 * 1024 * 1024;

const archived = z.object({ _id: z.string().min(1), _rev: z.string().min(1) });
const archivedInstance = z.object({ _id: z.string(), domain: z.string() });

/**
 * Compares an archive with CouchDB: every document of every doctype that a stack exports by its id and revision, and the
 * content of every file and version, trashed ones too, by path, size and MD5. The archive is read as it lies on the disk. What a stack
 * passed over in silence is a difference, and so is what is there twice or too much.
 *
 * In memory is the list of ids of the files, and of one other doctype at a time; contents go through in pieces.
 *
 * @throws ExportError `export_broken` where a part cannot be read
 */
export async function compareArchive(options: CompareOptions): Promise<Comparison> {
  const { databases, directory, parts, domain, instanceId } = options;
  const differences: Difference[] = [];
  let total = 0;
  const differ = (doctype: string, id: string, what: string): void => {
    total += 1;
    if (differences.length < MOST_KEPT) differences.push({ doctype, id, what });
  };
  const counts = { files: 0, versions: 0, documents: 0, contentBytes: 0, withoutMd5: 0 };
  const files = await readFiles(databases);
  const versions = await readVersions(databases, files);
  const left = new Set((await doctypesOf(databases)).filter((each) => each !== FILES && each !== VERSIONS));
  let other: { readonly doctype: string; readonly remaining: Remaining } | undefined;
  let instances = 0;
  /** A file or a version whose content has to come next. */
  let pending: ExpectedContent | undefined;

  const settleOther = (): void => {
    if (other !== undefined) tellMissing(other.doctype, other.remaining, differ);
    other = undefined;
  };

  async function remainingOf(doctype: string): Promise<Remaining> {
    if (doctype === FILES) return files;
    if (doctype === VERSIONS) return versions;
    if (other?.doctype === doctype) return other.remaining;
    settleOther();
    // One that came before, and came to its end, has nothing that could come again.
    const remaining = left.delete(doctype) ? await readDocuments(databases, doctype) : new Map();
    other = { doctype, remaining };
    return remaining;
  }

  const settlePending = (): void => {
    if (pending === undefined) return;
    differ(pending.doctype, pending.id, `the content of ${pending.name} is not in it`);
    pending = undefined;
  };

  async function takeDocument(zip: ZipFile, entry: ZipEntry, doctype: string, part: string): Promise<void> {
    const { _id: id, _rev: rev } = readAs(archived, await documentOf(zip, entry, part), part, entry.name);
    const remaining = await remainingOf(doctype);
    const expected = remaining.get(id);
    if (expected === undefined) {
      differ(doctype, id, `document ${id} of ${doctype} is in it, and not in CouchDB, or twice`);
      return;
    }
    remaining.delete(id);
    if (expected.rev !== rev) {
      differ(doctype, id, `document ${id} of ${doctype} is in it in revision ${rev}, and is ${expected.rev}`);
      return;
    }
    if (expected.content === undefined) counts.documents += 1;
    else pending = { doctype, id, ...expected.content };
  }

  async function takeContent(zip: ZipFile, entry: ZipEntry, path: string): Promise<void> {
    const expected = pending;
    pending = undefined;
    const hash = createHash('md5');
    for await (const piece of zip.content(entry)) hash.update(piece);
    if (expected === undefined || expected.path !== path) {
      pending = expected;
      settlePending();
      differ(FILES, '', `there is a content in it that belongs to nothing: ${path}`);
      return;
    }
    const { doctype, id, size, md5 } = expected;
    if (size !== entry.size) {
      differ(
        doctype,
        id,
        `${expected.name} has ${entry.size} bytes in it, and should have ${size ?? 'a size'}`,
      );
      return;
    }
    if (md5 === undefined) counts.withoutMd5 += 1;
    else if (md5 !== hash.digest('base64')) {
      differ(doctype, id, `${expected.name} has another MD5 in it`);
      return;
    }
    counts.contentBytes += entry.size;
    counts[doctype === FILES ? 'files' : 'versions'] += 1;
  }

  for (const part of parts) {
    const zip = await openZip(join(directory, part));
    try {
      for await (const entry of zip.entries()) {
        databases.signal.throwIfAborted();
        const what = archiveEntry(entry.name);
        if (what.is === 'content') {
          await takeContent(zip, entry, what.path);
          continue;
        }
        settlePending();
        if (what.is === 'document') await takeDocument(zip, entry, what.doctype, part);
        if (what.is !== 'instance') continue;
        const found = readAs(archivedInstance, await documentOf(zip, entry, part), part, entry.name);
        instances += 1;
        if (found._id !== instanceId || found.domain !== domain) {
          differ('instances', found._id, `it is the archive of ${found.domain} (${found._id})`);
        }
      }
      settlePending();
    } finally {
      await zip.close();
    }
  }
  settleOther();
  for (const doctype of left) tellMissing(doctype, await readDocuments(databases, doctype), differ);
  tellMissing(FILES, files, differ);
  tellMissing(VERSIONS, versions, differ);
  if (instances !== 1)
    differ('instances', instanceId, `the document of the instance is ${instances} times in it`);
  return { differences, total, ...counts };
}

type Differ = (doctype: string, id: string, what: string) => void;

function tellMissing(doctype: string, remaining: Remaining, differ: Differ): void {
  for (const [id, { content }] of remaining) {
    const what = content === undefined ? `document ${id} of ${doctype}` : content.name;
    differ(doctype, id, `${what} is not in it`);
  }
}

async function documentOf(zip: ZipFile, entry: ZipEntry, part: string): Promise<unknown> {
  if (entry.size > LONGEST_DOCUMENT) throw brokenArchive(part, `${JSON.stringify(entry.name)} is too long`);
  const pieces: Buffer[] = [];
  for await (const piece of zip.content(entry)) pieces.push(piece);
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8'));
  } catch {
    throw brokenArchive(part, `${JSON.stringify(entry.name)} is not JSON`);
  }
}

function readAs<T>(schema: z.ZodType<T>, value: unknown, part: string, name: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw brokenArchive(part, `${JSON.stringify(name)} is not a document`);
}
