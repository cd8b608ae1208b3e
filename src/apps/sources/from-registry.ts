import type { RegistrySource } from '../app-source.ts';
import { keyOf, storeApp } from '../cache/store-app.ts';
import { resolveVersion } from '../fetch/registry.ts';
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
  { cache, http, limits, versions }: SourceContext,
  signal: AbortSignal,
): Promise<CachedApp> {
  const question = JSON.stringify([source.slug, source.channel, source.version, registries]);
  const announced = await versions.get(
    question,
    (shared) => resolveVersion(source, registries, http, shared),
    signal,
  );
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
