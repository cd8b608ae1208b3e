import type { GitSource } from '../app-source.ts';
import type { LookupResult } from '../cache/lookup-cache.ts';
import { findOrStoreTree, keyOf } from '../cache/store-app.ts';
import type { WorkDir } from '../cache/work-dirs.ts';
import { fetchCommit, newestCommit } from '../fetch/git.ts';
import { repositoryAddresses } from '../fetch/repository-addresses.ts';
import { archiveTree } from '../tree/archive-tree.ts';
import { type SourceContext, sourceName } from './source-context.ts';

/**
 * Looks for the newest commit of a repository, and fetches and stores it unless it is in the cache. A commit never
 * changes: nothing is fetched of a commit that was stored before.
 *
 * @throws {AppError} as `repositoryAddresses`, `newestCommit` and `fetchCommit`, and where it holds no application
 */
export async function lookUpRepository(
  source: GitSource,
  context: SourceContext,
  workDir: WorkDir,
): Promise<LookupResult> {
  const { cache, hosts, limits } = context;
  const name = sourceName(source);
  const lookupName = (commit: string): string => keyOf('commit', source.url, commit);
  const addresses = await repositoryAddresses(source, hosts);
  const newest = await newestCommit(source, addresses, workDir.path, workDir.signal);
  const known = newest === undefined ? undefined : await cache.lookups.get(lookupName(newest));
  if (known !== undefined && (await cache.find(known.key)) !== undefined) return known;
  const { commit, archive } = await fetchCommit(source, addresses, workDir.path, limits, workDir.signal);
  const tree = archiveTree(archive, name, limits);
  const { key, version } = await findOrStoreTree(tree, name, cache, workDir);
  const result: LookupResult = { key, version: `${version}-${commit}` };
  await cache.lookups.set(lookupName(commit), result, workDir);
  return result;
}
