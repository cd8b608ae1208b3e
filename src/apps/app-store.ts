import { join } from 'node:path';
import { redactUrl } from '../config/urls.ts';
import type { AppSource, FileSource, GitSource, HttpSource, RegistrySource } from './app-source.ts';
import { type CacheEntry, createAppCache, type Workshop } from './cache/app-cache.ts';
import type { Note } from './cache/lookup-cache.ts';
import { SingleFlight } from './cache/single-flight.ts';
import { keyOf, lettersOf, manifestIn, shelve } from './cache/store-app.ts';
import { Recent } from './cache/ttl-cache.ts';
import { AppError } from './errors.ts';
import type { AppHosts } from './fetch/app-hosts.ts';
import { type ArchiveToFetch, fetchArchive } from './fetch/fetch-archive.ts';
import { fetchCommit, newestCommit } from './fetch/git.ts';
import { withHostBackoff } from './fetch/host-backoff.ts';
import type { AppHttp } from './fetch/http.ts';
import { copyArchive, isDirectory } from './fetch/local-archive.ts';
import { type RegistryVersion, resolveVersion } from './fetch/registry.ts';
import { repositoryAddresses } from './fetch/repository-addresses.ts';
import type { InstallableApp } from './manifest/documents.ts';
import { APP_LIMITS, type AppLimits, type AppTree } from './tree/app-tree.ts';
import { archiveTree } from './tree/archive-tree.ts';
import { directoryTree } from './tree/directory-tree.ts';
import { inspectTree } from './tree/inspect-tree.ts';

/** An application that is ready to be put into instances. */
export interface PreparedApp {
  readonly app: InstallableApp;
  /** Where it came from, as its document shows it. */
  readonly source: string;
  /** Absolute path of its files in the form in which storages keep them; its own mode is 0700. */
  readonly files: string;
}

/** Gets applications, once for all instances and all workers of a machine. */
export interface AppLibrary {
  /**
   * Makes sure of the cache, before anything is asked of it.
   * @throws {AppError} `app_cache` when it cannot be used, or others than us may have put something there
   */
  check(): Promise<void>;
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

export interface LibraryOptions {
  /** Of the cache; shared with the other workers of this machine and user, and with nobody else. */
  readonly directory: string;
  /** Closed by whoever made it. */
  readonly http: AppHttp;
  /** The private servers that repositories may be on. */
  readonly hosts: AppHosts;
  readonly limits?: AppLimits;
  /** Most bytes of the cache. */
  readonly cacheBytes?: number;
  /** Milliseconds for which a look at a source is good. */
  readonly recentFor?: number;
  /** Milliseconds without a sign of life after which another worker counts as dead. */
  readonly stale?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Told of entries of the cache that were not what had been stored. */
  readonly onThrownAway?: (key: string) => void;
}

const CACHE_BYTES = 2 * 1024 ** 3;
const RECENT = 60_000;
const STALE = 10_000;

/** Milliseconds; as long as a registry that says nothing is waited for. */
const FAILURES = 5_000;

/** What a look at a source that may change has found; only the cache knows whether it is still there. */
type Found = Omit<Note, 'time'>;

export function createAppLibrary({
  directory,
  http: eagerHttp,
  hosts,
  limits = APP_LIMITS,
  cacheBytes = CACHE_BYTES,
  recentFor = RECENT,
  stale = STALE,
  now = Date.now,
  onThrownAway,
}: LibraryOptions): AppLibrary {
  const cache = createAppCache({ directory, bytes: cacheBytes, stale, now, onThrownAway });
  const http = withHostBackoff(eagerHttp, FAILURES, now);
  const versions = new Recent<RegistryVersion>(recentFor, now);
  const looking = new SingleFlight<Found>();
  const fetching = new SingleFlight<CacheEntry>();
  const closing = new AbortController();
  const underWay = new Set<Promise<unknown>>();

  /** What nobody waits for any more may still be cleaning up. */
  function tracked<T>(work: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
    return (signal) => {
      const done = work(signal);
      const forget = (): void => {
        underWay.delete(done);
      };
      underWay.add(done);
      done.then(forget, forget);
      return done;
    };
  }

  async function fromRegistry(
    source: RegistrySource,
    registries: readonly string[],
    signal: AbortSignal,
  ): Promise<PreparedApp> {
    const question = JSON.stringify([source.slug, source.channel, source.version, registries]);
    const ask = tracked((shared) => resolveVersion(source, registries, http, shared));
    const { slug, version, sha256, url, tarPrefix, manifest } = await versions.get(question, ask, signal);
    const name = `${slug} ${version}`;
    const key = keyOf('registry', sha256, tarPrefix);
    const entry = await entryOf(
      key,
      async (workshop) => {
        await download({ url, name, sha256 }, workshop);
        const tree = archiveTree(archiveIn(workshop), name, limits);
        return await shelve({ key, tree, name, prefix: tarPrefix }, cache, workshop);
      },
      signal,
    );
    const app = { slug, version, checksum: sha256, manifest };
    return { app, source: source.text, files: entry.files };
  }

  async function fromPinned(source: HttpSource, sha256: string, signal: AbortSignal): Promise<PreparedApp> {
    const key = keyOf('archive', sha256);
    const entry = await entryOf(
      key,
      async (workshop) => {
        const name = nameOf(source);
        await download({ url: source.url, name, sha256 }, workshop);
        return await shelveArchive(key, name, workshop);
      },
      signal,
    );
    return prepared(source, entry, undefined);
  }

  async function entryOf(
    key: string,
    make: (workshop: Workshop) => Promise<CacheEntry>,
    signal: AbortSignal,
  ): Promise<CacheEntry> {
    const known = await cache.find(key);
    if (known !== undefined) return known;
    const work = tracked((shared) =>
      cache.alone(key, async (workshop) => (await cache.find(key)) ?? (await make(workshop)), shared),
    );
    return await fetching.run(key, work, signal);
  }

  /** A source that may change is looked at again now and then, by one worker for all of this machine. */
  async function fromChanging(
    source: HttpSource | FileSource | GitSource,
    signal: AbortSignal,
  ): Promise<PreparedApp> {
    const name = keyOf('source', source.text);
    const look = tracked((shared) =>
      cache.alone(
        name,
        async (workshop) => {
          const known = await recentLook(name);
          if (known !== undefined) return known;
          const found = await lookAt(source, workshop);
          await cache.note(name, workshop, { ...found, time: now() });
          return found;
        },
        shared,
      ),
    );
    for (let times = 0; times < 3; times += 1) {
      const { key, version } = (await recentLook(name)) ?? (await looking.run(source.text, look, signal));
      const entry = await cache.find(key);
      if (entry !== undefined) return prepared(source, entry, version);
      // Evicted since.
      await cache.forget(name);
    }
    throw new AppError(
      'app_unreachable',
      `${nameOf(source)} goes from the cache as soon as it is there`,
      'retry',
      'Check that nothing but the workers removes files from the cache.',
    );
  }

  async function recentLook(name: string): Promise<Found | undefined> {
    const known = await cache.recall(name);
    const age = known === undefined ? Number.POSITIVE_INFINITY : now() - known.time;
    // A clock that was set back must not make it good for ever.
    return age >= 0 && age < recentFor ? known : undefined;
  }

  async function lookAt(source: HttpSource | FileSource | GitSource, workshop: Workshop): Promise<Found> {
    const name = nameOf(source);
    switch (source.kind) {
      case 'http': {
        const sha256 = await download({ url: source.url, name }, workshop);
        return await foundArchive(sha256, name, '', workshop);
      }
      case 'git':
        return await lookAtRepository(source, name, workshop);
      case 'file': {
        if (await isDirectory(source.path, name)) {
          return await foundTree(directoryTree(source.path, name, limits), name, lettersOf, workshop);
        }
        const to = archiveIn(workshop);
        const limit = limits.archiveBytes;
        const sha256 = await copyArchive(source.path, to, { name, limit }, workshop.signal);
        return await foundArchive(sha256, name, `-${lettersOf(sha256)}`, workshop);
      }
    }
  }

  /** A commit never changes: nothing is fetched of one that is in the cache. */
  async function lookAtRepository(source: GitSource, name: string, workshop: Workshop): Promise<Found> {
    const noteOf = (commit: string): string => keyOf('commit', source.url, commit);
    const addresses = await repositoryAddresses(source, hosts);
    const newest = await newestCommit(source, addresses, workshop.path, workshop.signal);
    const known = newest === undefined ? undefined : await cache.recall(noteOf(newest));
    if (known !== undefined && (await cache.find(known.key)) !== undefined) return known;
    const { commit, archive } = await fetchCommit(source, addresses, workshop.path, limits, workshop.signal);
    const found = await foundTree(archiveTree(archive, name, limits), name, () => commit, workshop);
    await cache.note(noteOf(commit), workshop, { ...found, time: now() });
    return found;
  }

  async function foundArchive(
    sha256: string,
    name: string,
    suffix: string,
    workshop: Workshop,
  ): Promise<Found> {
    const key = keyOf('archive', sha256);
    const entry = (await cache.find(key)) ?? (await shelveArchive(key, name, workshop));
    return { key, version: `${manifestIn(entry, name).version}${suffix}` };
  }

  async function foundTree(
    tree: AppTree,
    name: string,
    suffix: (digest: string) => string,
    workshop: Workshop,
  ): Promise<Found> {
    const inspected = await inspectTree(tree, name, 'top', workshop.signal);
    const { digest, version, prefix } = inspected;
    const key = keyOf('tree', digest);
    const known = await cache.find(key);
    if (known === undefined) await shelve({ key, tree, name, prefix, inspected }, cache, workshop);
    return { key, version: `${version}-${suffix(digest)}` };
  }

  /** The archive in the workshop, which nobody describes but itself. */
  async function shelveArchive(key: string, name: string, workshop: Workshop): Promise<CacheEntry> {
    const tree = archiveTree(archiveIn(workshop), name, limits);
    const inspected = await inspectTree(tree, name, 'anywhere', workshop.signal);
    return await shelve({ key, tree, name, prefix: inspected.prefix, inspected }, cache, workshop);
  }

  /** @returns its SHA-256 */
  async function download(what: ArchiveToFetch, workshop: Workshop): Promise<string> {
    const options = { http, limit: limits.archiveBytes };
    return await fetchArchive(what, archiveIn(workshop), options, workshop.signal);
  }

  function prepared(
    source: HttpSource | FileSource | GitSource,
    entry: CacheEntry,
    version: string | undefined,
  ): PreparedApp {
    const own = manifestIn(entry, nameOf(source));
    const app = { ...own, version: version ?? own.version, checksum: '' };
    return { app, source: source.text, files: entry.files };
  }

  return {
    check: () => cache.check(),

    async prepare(source, registries, signal) {
      const either = AbortSignal.any([signal, closing.signal]);
      switch (source.kind) {
        case 'registry':
          return await fromRegistry(source, registries, either);
        case 'http':
          if (source.sha256 !== undefined) return await fromPinned(source, source.sha256, either);
          return await fromChanging(source, either);
        case 'file':
        case 'git':
          return await fromChanging(source, either);
      }
    },

    async close() {
      closing.abort(new Error('the library is closed'));
      await Promise.allSettled(underWay);
    },
  };
}

function archiveIn({ path }: Workshop): string {
  return join(path, 'archive');
}

/** For messages. */
function nameOf(source: HttpSource | FileSource | GitSource): string {
  switch (source.kind) {
    case 'http':
    case 'git':
      return `the application at ${redactUrl(source.url)}`;
    case 'file':
      return `the application at ${source.path}`;
  }
}
