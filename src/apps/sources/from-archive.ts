import { join } from 'node:path';
import type { HttpSource } from '../app-source.ts';
import type { CacheEntry } from '../cache/entries.ts';
import type { LookupResult } from '../cache/lookup-cache.ts';
import { entryManifest, keyOf, storeApp } from '../cache/store-app.ts';
import type { WorkDir } from '../cache/work-dirs.ts';
import { type ArchiveToFetch, fetchArchive } from '../fetch/fetch-archive.ts';
import { archiveTree } from '../tree/archive-tree.ts';
import { inspectTree } from '../tree/inspect-tree.ts';
import { type CachedApp, type SourceContext, sourceName } from './source-context.ts';

/** An archive in a working directory. */
export interface LocalArchive {
  readonly file: string;
  /** Of its bytes, in lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * The application in an archive of a web server whose SHA-256 the source names: it never changes.
 * @throws {AppError} as `downloadArchive`, and where the archive holds no application
 */
export async function fromPinnedArchive(
  source: HttpSource,
  sha256: string,
  context: SourceContext,
  signal: AbortSignal,
): Promise<CachedApp> {
  const name = sourceName(source);
  const entry = await context.cache.findOrMake(
    keyOf('archive', sha256),
    async (workDir) => {
      const archive = await downloadArchive({ url: source.url, name, sha256 }, context, workDir);
      return await storeArchive(archive, name, context, workDir);
    },
    signal,
  );
  return { app: { ...entryManifest(entry, name), checksum: '' }, files: entry.files };
}

/** Downloads an archive that may change, and stores it unless it is in the cache. */
export async function lookUpArchive(
  source: HttpSource,
  context: SourceContext,
  workDir: WorkDir,
): Promise<LookupResult> {
  const name = sourceName(source);
  const archive = await downloadArchive({ url: source.url, name }, context, workDir);
  return await findOrStoreArchive(archive, name, context, workDir);
}

/**
 * Stores an archive in a working directory, unless it is in the cache.
 * @param name of the application, for messages
 */
export async function findOrStoreArchive(
  archive: LocalArchive,
  name: string,
  context: SourceContext,
  workDir: WorkDir,
): Promise<LookupResult> {
  const key = keyOf('archive', archive.sha256);
  const entry = (await context.cache.find(key)) ?? (await storeArchive(archive, name, context, workDir));
  return { key, version: entryManifest(entry, name).version };
}

/** Stores an archive that only its own manifest describes, wherever in it that is. */
async function storeArchive(
  { file, sha256 }: LocalArchive,
  name: string,
  { cache, limits }: SourceContext,
  workDir: WorkDir,
): Promise<CacheEntry> {
  const tree = archiveTree(file, name, limits);
  const inspection = await inspectTree(tree, name, 'anywhere', workDir.signal);
  const { prefix } = inspection;
  return await storeApp({ key: keyOf('archive', sha256), tree, name, prefix, inspection }, cache, workDir);
}

/** Downloads an archive into a working directory. @throws {AppError} as `fetchArchive` */
export async function downloadArchive(
  archive: ArchiveToFetch,
  { http, limits }: Pick<SourceContext, 'http' | 'limits'>,
  workDir: WorkDir,
): Promise<LocalArchive> {
  const file = archiveFile(workDir);
  const sha256 = await fetchArchive(archive, file, { http, limit: limits.archiveBytes }, workDir.signal);
  return { file, sha256 };
}

/** Where the archive of a working directory is. */
export function archiveFile({ path }: WorkDir): string {
  return join(path, 'archive');
}
