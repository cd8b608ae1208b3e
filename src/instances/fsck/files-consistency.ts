import type { Storage, WalkEntry } from '../../storage/storage.ts';
import { entryFinding, versionFinding } from './entry-finding.ts';
import type { FileTree } from './file-tree.ts';
import type { ContentMismatch, EntryFinding, FoundDirectory, FoundFile } from './findings.ts';
import type { IndexEntry, IndexedContent, IndexedVersion } from './index-entry.ts';

/** Applications and thumbnails have no documents of files (`docs/admin-api.md` §5). */
const WITHOUT_DOCUMENTS = ['/.cozy_apps', '/.cozy_konnectors', '/.thumbs'];

/** Where a `file://` storage has the old versions of files (`docs/cozy-data.md` §4.1). */
const VERSIONS_PATH = '/.cozy_versions';

export interface Comparison {
  readonly storage: Storage;
  readonly domain: string;
  readonly tree: FileTree;
  /** By id; undefined where they cannot be read, and then those of the storage are not looked at. */
  readonly versions: ReadonlyMap<string, IndexedVersion> | undefined;
  /** Paths of directories whose missing document has been reported already. */
  readonly reported: ReadonlySet<string>;
  /** Whether contents are compared too. */
  readonly contents: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** In what the storage of an instance and its index differ; every content is read once, if at all. */
export async function* storageFindings(
  comparison: Comparison,
): AsyncGenerator<EntryFinding, void, undefined> {
  const { storage, domain, tree, versions = new Map<string, IndexedVersion>(), signal } = comparison;
  const skipped = [...WITHOUT_DOCUMENTS, ...(comparison.versions === undefined ? [VERSIONS_PATH] : [])];
  const seen = new Set<IndexEntry | IndexedVersion>();
  for await (const stored of storage.walk(domain, new Set(skipped))) {
    signal?.throwIfAborted();
    const place = versionPlace(stored.path);
    if (place === undefined) yield* compareEntry(comparison, stored, seen);
    else if (place.is === 'version') yield* compareVersion(comparison, stored, place.id, seen);
    else if (stored.kind !== 'directory') yield unindexed(stored);
  }
  for (const entry of tree.all()) {
    const path = tree.pathOf(entry);
    // Without a path there is no place to look at, and the index check tells why.
    if (path !== undefined && !seen.has(entry)) yield entryFinding('filesystem_missing', entry, path);
  }
  for (const version of versions.values()) {
    if (!seen.has(version)) yield versionFinding('filesystem_missing', version);
  }
}

async function* compareEntry(
  comparison: Comparison,
  stored: WalkEntry,
  seen: Set<IndexEntry | IndexedVersion>,
): AsyncGenerator<EntryFinding, void, undefined> {
  const entries = comparison.tree.at(stored.path);
  if (entries.length === 0 && !comparison.reported.has(stored.path)) yield unindexed(stored);
  const alike = entries.filter(({ kind }) => kind === stored.kind);
  for (const entry of entries.filter((each) => !alike.includes(each))) {
    seen.add(entry);
    yield entryFinding('type_mismatch', entry, stored.path);
  }
  const files = alike.filter((entry) => entry.kind === 'file');
  if (files.length === 0 || !comparison.contents) {
    for (const entry of alike) seen.add(entry);
    return;
  }
  const read = await readContent(comparison, stored);
  // Gone since it was listed: not seen, so it is reported as missing.
  if (read === undefined) return;
  for (const file of files) {
    seen.add(file);
    const content_mismatch = contentMismatch(file, read);
    if (content_mismatch !== undefined) {
      yield entryFinding('content_mismatch', file, stored.path, { content_mismatch });
    }
  }
}

async function* compareVersion(
  comparison: Comparison,
  stored: WalkEntry,
  id: string,
  seen: Set<IndexEntry | IndexedVersion>,
): AsyncGenerator<EntryFinding, void, undefined> {
  const version = comparison.versions?.get(id);
  if (version === undefined) {
    yield { type: 'index_missing', version_doc: { _id: id }, is_file: false, is_version: true };
    return;
  }
  if (stored.kind !== 'file') {
    seen.add(version);
    yield versionFinding('type_mismatch', version);
    return;
  }
  if (!comparison.contents) {
    seen.add(version);
    return;
  }
  const read = await readContent(comparison, stored);
  if (read === undefined) return;
  seen.add(version);
  const content_mismatch = contentMismatch(version, read);
  if (content_mismatch !== undefined) yield versionFinding('content_mismatch', version, { content_mismatch });
}

/** Reads a file; undefined when it is no longer there. */
async function readContent(
  { storage, domain, signal }: Comparison,
  { path, size }: WalkEntry,
): Promise<ReadContent | undefined> {
  const md5sum = await storage.digest(domain, path, signal);
  return md5sum === undefined ? undefined : { size, md5sum };
}

/** The finding about something without a document: as a file, unless it is a directory. */
function unindexed({ path, kind }: WalkEntry): EntryFinding {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (kind === 'directory') {
    const dir_doc: FoundDirectory = { type: 'directory', name, path };
    return { type: 'index_missing', dir_doc, is_file: false, is_version: false };
  }
  const file_doc: FoundFile = { type: 'file', name, path };
  return { type: 'index_missing', file_doc, is_file: true, is_version: false };
}

/** A file of the storage, as it was read. */
interface ReadContent {
  readonly size: number;
  /** Base64. */
  readonly md5sum: string;
}

/** How content differs from its document; undefined when it does not. */
function contentMismatch(indexed: IndexedContent, read: ReadContent): ContentMismatch | undefined {
  if (indexed.size === read.size && indexed.md5sum === read.md5sum) return undefined;
  return {
    size_file: read.size,
    size_index: indexed.size ?? null,
    md5sum_file: read.md5sum,
    md5sum_index: indexed.md5sum ?? null,
  };
}

/** What a path at or below `/.cozy_versions` stands for: the directories in between have no document. */
type VersionPlace = { readonly is: 'between' } | { readonly is: 'version'; readonly id: string };

/**
 * Reads `/.cozy_versions/<id[0:4]>/<id[4:]>/<versionid>`; the id of a version is that of its file, a slash,
 * and its own. Undefined for any other path, and below a version.
 */
export function versionPlace(path: string): VersionPlace | undefined {
  if (path !== VERSIONS_PATH && !path.startsWith(`${VERSIONS_PATH}/`)) return undefined;
  const [start = '', rest = '', ...own] = path.slice(VERSIONS_PATH.length + 1).split('/');
  return own.length === 0 ? { is: 'between' } : { is: 'version', id: `${start}${rest}/${own.join('/')}` };
}
