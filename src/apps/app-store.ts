import type { AppSource } from './app-source.ts';
import { createAppCache } from './cache/app-cache.ts';
import { TtlCache } from './cache/single-flight.ts';
import type { AppHosts } from './fetch/app-hosts.ts';
import { withHostBackoff } from './fetch/host-backoff.ts';
import type { AppHttp } from './fetch/http.ts';
import type { RegistryVersion } from './fetch/registry.ts';
import type { InstallableApp } from './manifest/documents.ts';
import { fromPinnedArchive } from './sources/from-archive.ts';
import { fromChangingSource } from './sources/from-changing-source.ts';
import { announcedBy, fromRegistry } from './sources/from-registry.ts';
import type { CachedApp, SourceContext } from './sources/source-context.ts';
import { APP_LIMITS, type AppLimits } from './tree/app-tree.ts';

/** An application that is ready to be put into instances. */
export interface PreparedApp extends CachedApp {
  /** Where it came from, as its document shows it. */
  readonly source: string;
  /** Whether another build may have its version: no registry says its checksum, and nothing of its content is in the version. */
  readonly mayBeRebuilt: boolean;
}

/** Gets applications, once for all instances and all workers of a machine. */
export interface AppStore {
  /**
   * Makes sure of the cache, before anything is asked of it.
   * @throws {AppError} `app_cache` when it cannot be used, or others than us may have put something there
   */
  check(): Promise<void>;
  /**
   * What an application is, without its code where a registry tells that; elsewhere all of it is fetched.
   *
   * @param registries as for `prepare`
   * @throws {AppError} when it cannot be had; what the operating system says about the cache is thrown as it is
   */
  look(source: AppSource, registries: readonly string[], signal: AbortSignal): Promise<InstallableApp>;
  /**
   * Looks up, fetches, checks and stores an application, unless that has been done.
   *
   * @param registries of the instance's context, credentials included
   * @returns files that stay for some minutes at least: to be copied, not to be kept
   * @throws {AppError} when it cannot be had; what the operating system says about the cache is thrown as it is
   */
  prepare(source: AppSource, registries: readonly string[], signal: AbortSignal): Promise<PreparedApp>;
  /** Aborts what is under way, and waits for it. */
  close(): Promise<void>;
}

export interface AppStoreOptions {
  /** Of the cache; only to be shared with the other workers of this machine and user. */
  readonly directory: string;
  /** Stays the caller's to close. */
  readonly http: AppHttp;
  /** The private servers that repositories may be on. */
  readonly hosts: AppHosts;
  readonly limits?: AppLimits;
  /** Most bytes of the cache. */
  readonly cacheBytes?: number;
  /** Milliseconds for which a lookup of a source is good. */
  readonly lookupTtlMs?: number;
  /** Milliseconds without a sign of life after which another worker counts as dead. */
  readonly staleMs?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Called for an entry of the cache that is not what was stored. */
  readonly onDiscard?: (key: string) => void;
}

const CACHE_BYTES = 2 * 1024 ** 3;
const LOOKUP_TTL_MS = 60_000;
const STALE_MS = 10_000;

/** As long as a registry that does not answer is waited for. */
const BACKOFF_MS = 5_000;

export function createAppStore({
  directory,
  http,
  hosts,
  limits = APP_LIMITS,
  cacheBytes = CACHE_BYTES,
  lookupTtlMs = LOOKUP_TTL_MS,
  staleMs = STALE_MS,
  now = Date.now,
  onDiscard,
}: AppStoreOptions): AppStore {
  const cache = createAppCache({ directory, limitBytes: cacheBytes, staleMs, now, onDiscard });
  const versions = new TtlCache<RegistryVersion>(lookupTtlMs, now);
  const context: SourceContext = {
    cache,
    http: withHostBackoff(http, BACKOFF_MS, now),
    hosts,
    limits,
    versions,
    lookupTtlMs,
  };
  const closing = new AbortController();

  async function get(
    source: AppSource,
    registries: readonly string[],
    signal: AbortSignal,
  ): Promise<CachedApp> {
    switch (source.kind) {
      case 'registry':
        return await fromRegistry(source, registries, context, signal);
      case 'http':
        if (source.sha256 === undefined) return await fromChangingSource(source, context, signal);
        return await fromPinnedArchive(source, source.sha256, context, signal);
      case 'file':
      case 'git':
        return await fromChangingSource(source, context, signal);
    }
  }

  return {
    check: () => cache.check(),

    async look(source, registries, signal) {
      const either = AbortSignal.any([signal, closing.signal]);
      if (source.kind === 'registry') return await announcedBy(source, registries, context, either);
      return (await get(source, registries, either)).app;
    },

    async prepare(source, registries, signal) {
      const either = AbortSignal.any([signal, closing.signal]);
      const cached = await get(source, registries, either);
      return { ...cached, source: source.text, mayBeRebuilt: source.kind === 'http' };
    },

    async close() {
      closing.abort(new Error('the application store is closed'));
      await Promise.all([versions.idle(), cache.idle()]);
    },
  };
}
