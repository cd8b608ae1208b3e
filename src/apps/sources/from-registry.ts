import type { RegistrySource } from '../app-source.ts';
import { keyOf, storeApp } from '../cache/store-app.ts';
import { type RegistryVersion, resolveVersion } from '../fetch/registry.ts';
import type { InstallableApp } from '../manifest/documents.ts';
import { archiveTree } from '../tree/archive-tree.ts';
import { downloadArchive } from './from-archive.ts';
import type { CachedApp, SourceContext } from './source-context.ts';

/**
 * The application that a registry announces: what its manifest, version and checksum are is the registry's word.
 *
 * @param registries URLs, credentials included, in the order in which they are asked
 * @throws {AppError} as `resolveVersion`, `downloadArchive` and `storeApp`
 */
export async function fromRegistry(
  source: RegistrySource,
  registries: readonly string[],
  context: SourceContext,
  signal: AbortSignal,
): Promise<CachedApp> {
  const { cache, http, limits } = context;
  const announced = await lookedUp(source, registries, context, signal);
  const { slug, version, sha256, url, tarPrefix, manifest } = announced;
  const name = `${slug} ${version}`;
  const key = keyOf('registry', sha256, tarPrefix);
  const { files } = await cache.findOrMake(
    key,
    async (workDir) => {
      const { file } = await downloadArchive({ url, name, sha256 }, { http, limits }, workDir);
      const tree = archiveTree(file, name, limits);
      return await storeApp({ key, tree, name, prefix: tarPrefix }, cache, workDir);
    },
    signal,
  );
  return { app: { slug, version, checksum: sha256, manifest }, files };
}

/**
 * The same without its code.
 * @throws {AppError} as `resolveVersion`
 */
export async function announcedBy(
  source: RegistrySource,
  registries: readonly string[],
  context: SourceContext,
  signal: AbortSignal,
): Promise<InstallableApp> {
  const { slug, version, sha256, manifest } = await lookedUp(source, registries, context, signal);
  return { slug, version, checksum: sha256, manifest };
}

async function lookedUp(
  source: RegistrySource,
  registries: readonly string[],
  { http, versions }: Pick<SourceContext, 'http' | 'versions'>,
  signal: AbortSignal,
): Promise<RegistryVersion> {
  const question = JSON.stringify([source.slug, source.channel, source.version, registries]);
  return await versions.get(question, (shared) => resolveVersion(source, registries, http, shared), signal);
}
