import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { AppError } from '../errors.ts';
import {
  type AppKind,
  MANIFEST_LIMIT_BYTES,
  MANIFEST_NAMES,
  type Manifest,
  manifestTooLarge,
  parseManifest,
} from '../manifest/manifest.ts';
import { type AppTree, quotedPath, unfit } from './app-tree.ts';

/** What a tree is by its own manifest, where no registry describes it. */
export interface TreeInspection {
  readonly slug: string;
  /** The manifest's. */
  readonly version: string;
  readonly manifest: Manifest;
  /** The manifest as it is in its file. */
  readonly text: string;
  /** The directory of the manifest: empty, or ending with a slash. */
  readonly prefix: string;
  /** SHA-256 in hexadecimal over paths and contents in the order of the tree. */
  readonly digest: string;
}

/** Where to look for the manifest: at the top alone, or in the directory that is highest up and has one. */
export type ManifestPlace = 'top' | 'anywhere';

/**
 * Reads a whole tree, and writes nothing: any fault shows before something is made of the tree
 * (`docs/cozy-data.md` §5.1, §5.2).
 *
 * @param name of the application, for messages
 * @throws {AppError} `app_manifest` when there is none, or one that names neither slug nor version
 */
export async function inspectTree(
  tree: AppTree,
  name: string,
  place: ManifestPlace,
  signal: AbortSignal,
): Promise<TreeInspection> {
  const digesting = digestedTree(tree);
  let best: { kind: AppKind; path: string; text: string } | undefined;
  let others: string[] = [];
  await digesting.tree(async ({ path, size, content }) => {
    const kind = manifestKind(path);
    const highest = best === undefined ? Number.POSITIVE_INFINITY : depth(best.path);
    const wanted = kind !== undefined && depth(path) < highest && (place === 'anywhere' || depth(path) === 1);
    if (kind !== undefined && depth(path) === highest) others.push(path);
    if (wanted && size > MANIFEST_LIMIT_BYTES) throw manifestTooLarge(name);
    const kept: Buffer[] = [];
    for await (const chunk of content) if (wanted) kept.push(chunk);
    if (wanted) others = [];
    if (wanted) best = { kind, path, text: Buffer.concat(kept).toString('utf8') };
  }, signal);
  // The compiler does not see assignments in a callback.
  const found: { kind: AppKind; path: string; text: string } | undefined = best;
  if (found === undefined) {
    const where = place === 'top' ? ' at its top' : '';
    throw incomplete(name, `has no manifest.webapp and no manifest.konnector${where}`);
  }
  if (others.length > 0) {
    const paths = [found.path, ...others].map(quotedPath).join(' and ');
    throw unfit(name, `it has two manifests, and does not tell which one is meant: ${paths}`);
  }
  return describedBy(found, name, digesting.digest());
}

/** The same tree, with a digest over all that has been read of it. */
export function digestedTree(tree: AppTree): { readonly tree: AppTree; digest(): string } {
  const hash = createHash('sha256');
  async function* read(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of content) {
      hash.update(chunk);
      yield chunk;
    }
  }
  return {
    tree: (visit, signal) =>
      tree(async ({ path, size, content }, visitSignal) => {
        hash.update(`${path}\0${size}\0`);
        await visit({ path, size, content: read(content) }, visitSignal);
      }, signal),
    digest: () => hash.digest('hex'),
  };
}

function describedBy(
  { kind, path, text }: { kind: AppKind; path: string; text: string },
  name: string,
  digest: string,
): TreeInspection {
  const manifest = parseManifest(text, kind, name);
  const { slug, version } = manifest;
  if (slug === undefined) throw incomplete(name, 'has a manifest without a slug');
  if (version === undefined) throw incomplete(name, 'has a manifest without a version');
  const directory = posix.dirname(path);
  return { slug, version, manifest, text, prefix: directory === '.' ? '' : `${directory}/`, digest };
}

function manifestKind(path: string): AppKind | undefined {
  switch (posix.basename(path)) {
    case MANIFEST_NAMES.webapp:
      return 'webapp';
    case MANIFEST_NAMES.konnector:
      return 'konnector';
    default:
      return undefined;
  }
}

function depth(path: string): number {
  return path.split('/').length;
}

function incomplete(name: string, what: string): AppError {
  return new AppError('app_manifest', `${name} ${what}`, 'final', 'Tell those who publish the application.');
}
