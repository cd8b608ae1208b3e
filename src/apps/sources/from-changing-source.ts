import type { LookupResult } from '../cache/lookup-cache.ts';
import { entryManifest, keyOf } from '../cache/store-app.ts';
import type { WorkDir } from '../cache/work-dirs.ts';
import { AppError } from '../errors.ts';
import { lookUpArchive } from './from-archive.ts';
import { lookUpDirectory } from './from-directory.ts';
import { lookUpRepository } from './from-git.ts';
import { type CachedApp, type SourceContext, sourceName, type UndescribedSource } from './source-context.ts';

/** An entry may be evicted between its lookup and its use. */
const MAX_LOOKUPS = 3;

/**
 * The application of a source that may change. It is looked up again when the last lookup is too old, by one worker
 * for all of this machine.
 *
 * @throws {AppError} as the look-up of its kind of source; `app_unreachable` where the cache does not keep it
 */
export async function fromChangingSource(
  source: UndescribedSource,
  context: SourceContext,
  signal: AbortSignal,
): Promise<CachedApp> {
  const { cache, lookupTtlMs: maxAgeMs } = context;
  const lookupName = keyOf('source', source.text);
  const name = sourceName(source);
  for (let lookups = 0; lookups < MAX_LOOKUPS; lookups += 1) {
    const { key, version } = await cache.lookUp(
      lookupName,
      (workDir) => lookUpSource(source, context, workDir),
      { maxAgeMs, signal },
    );
    const entry = await cache.find(key);
    if (entry !== undefined) {
      return { app: { ...entryManifest(entry, name), version, checksum: '' }, files: entry.files };
    }
    // Evicted since.
    await cache.lookups.delete(lookupName);
  }
  throw new AppError(
    'app_unreachable',
    `${name} goes from the cache as soon as it is there`,
    'retry',
    'Check that nothing but the workers removes files from the cache.',
  );
}

async function lookUpSource(
  source: UndescribedSource,
  context: SourceContext,
  workDir: WorkDir,
): Promise<LookupResult> {
  switch (source.kind) {
    case 'http':
      return await lookUpArchive(source, context, workDir);
    case 'file':
      return await lookUpDirectory(source, context, workDir);
    case 'git':
      return await lookUpRepository(source, context, workDir);
  }
}
