import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { type Manifest, parseManifest } from '../manifest/manifest.ts';
import type { AppTree } from '../tree/app-tree.ts';
import { digestedTree, inspectTree, type TreeInspection } from '../tree/inspect-tree.ts';
import { storeTree } from '../tree/store-tree.ts';
import type { AppCache } from './app-cache.ts';
import type { CacheEntry } from './entries.ts';
import type { LookupResult } from './lookup-cache.ts';
import type { WorkDir } from './work-dirs.ts';

/** A tree on its way into the cache. */
export interface NewEntry {
  readonly key: string;
  readonly tree: AppTree;
  /** Of the application, for messages. */
  readonly name: string;
  /** What the paths in it begin with and those of the application do not. */
  readonly prefix: string;
  /** What an inspection of the tree has found; absent where a registry describes the application. */
  readonly inspection?: TreeInspection;
}

/**
 * Stores a tree and puts it into the cache.
 *
 * @throws {AppError} `app_changed` when it is not what was inspected any more
 */
export async function storeApp(
  { key, tree, name, prefix, inspection }: NewEntry,
  cache: AppCache,
  workDir: WorkDir,
): Promise<CacheEntry> {
  const stored = join(workDir.path, 'stored');
  const digesting = digestedTree(tree);
  const bytes = await storeTree(digesting.tree, stored, { prefix, name }, workDir.signal);
  if (inspection === undefined) return await cache.add(key, workDir, stored, { bytes });
  if (digesting.digest() !== inspection.digest) {
    throw new AppError('app_changed', `${name} changed while it was read`, 'retry');
  }
  const { manifest, text } = inspection;
  return await cache.add(key, workDir, stored, { bytes, manifest: { kind: manifest.kind, text } });
}

/**
 * Stores a tree that only the manifest at its top describes, unless it is in the cache.
 *
 * @param name of the application, for messages
 * @returns with the version of its manifest, and the SHA-256 of its content in hexadecimal
 * @throws {AppError} as `inspectTree` and `storeApp`
 */
export async function findOrStoreTree(
  tree: AppTree,
  name: string,
  cache: AppCache,
  workDir: WorkDir,
): Promise<LookupResult & { readonly digest: string }> {
  const inspection = await inspectTree(tree, name, 'top', workDir.signal);
  const { digest, version, prefix } = inspection;
  const key = keyOf('tree', digest);
  const known = await cache.find(key);
  if (known === undefined) await storeApp({ key, tree, name, prefix, inspection }, cache, workDir);
  return { key, version, digest };
}

/**
 * What an entry's own manifest says.
 *
 * @param name of the application, for messages
 * @throws {AppError} `app_manifest`
 */
export function entryManifest(
  { description }: CacheEntry,
  name: string,
): { readonly slug: string; readonly version: string; readonly manifest: Manifest } {
  const { kind, text } = description.manifest ?? { kind: 'webapp', text: '' };
  const manifest = parseManifest(text, kind, name);
  const { slug, version } = manifest;
  if (slug === undefined || version === undefined)
    throw new Error('an entry of the cache has half a manifest');
  return { slug, version, manifest };
}

/** Key of an entry, or name of a lookup: 64 hexadecimal digits that differ where any part differs. */
export function keyOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
