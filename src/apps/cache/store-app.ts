import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { type Manifest, parseManifest } from '../manifest/manifest.ts';
import type { AppTree } from '../tree/app-tree.ts';
import { digestedTree, type TreeInspection } from '../tree/inspect-tree.ts';
import { storeTree } from '../tree/store-tree.ts';
import type { AppCache, CacheEntry, Workshop } from './app-cache.ts';

/** A tree on its way into the cache. */
export interface Shelved {
  readonly key: string;
  readonly tree: AppTree;
  /** Of the application, for messages. */
  readonly name: string;
  /** What the paths in it begin with and those of the application do not. */
  readonly prefix: string;
  /** Where no registry tells what it is: what an inspection of it said. */
  readonly inspected?: TreeInspection;
}

/**
 * Stores a tree and puts it into the cache.
 *
 * @throws {AppError} `app_changed` when it is not what was inspected any more
 */
export async function shelve(
  { key, tree, name, prefix, inspected }: Shelved,
  cache: AppCache,
  workshop: Workshop,
): Promise<CacheEntry> {
  const stored = join(workshop.path, 'stored');
  const digesting = digestedTree(tree);
  const bytes = await storeTree(digesting.tree, stored, { prefix, name }, workshop.signal);
  if (inspected === undefined) return await cache.keep(key, workshop, stored, { bytes });
  if (digesting.digest() !== inspected.digest) {
    throw new AppError('app_changed', `${name} changed while it was read`, 'retry');
  }
  const { manifest, text } = inspected;
  return await cache.keep(key, workshop, stored, { bytes, manifest: { kind: manifest.kind, text } });
}

/** What an entry's own manifest says. */
export function manifestIn(
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

/** Of an entry: what differs in any part has another key. */
export function keyOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * Ten letters, as a stack puts them behind the version of what comes from a disk (`docs/cozy-data.md` §5.1);
 * not random ones, so that all instances have one version.
 */
export function lettersOf(digest: string): string {
  const bytes = [...Buffer.from(digest, 'hex').subarray(0, 10)];
  return bytes.map((byte) => String.fromCharCode(0x61 + (byte % 26))).join('');
}
