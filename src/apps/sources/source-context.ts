import { redactUrl } from '../../config/urls.ts';
import type { FileSource, GitSource, HttpSource } from '../app-source.ts';
import type { AppCache } from '../cache/app-cache.ts';
import type { TtlCache } from '../cache/single-flight.ts';
import type { AppHosts } from '../fetch/app-hosts.ts';
import type { AppHttp } from '../fetch/http.ts';
import type { RegistryVersion } from '../fetch/registry.ts';
import type { InstallableApp } from '../manifest/documents.ts';
import type { AppLimits } from '../tree/app-tree.ts';

/** What applications are got with, wherever they come from. */
export interface SourceContext {
  readonly cache: AppCache;
  readonly http: AppHttp;
  /** The private servers that repositories may be on. */
  readonly hosts: AppHosts;
  readonly limits: AppLimits;
  /** Answers of registries, by question. */
  readonly versions: TtlCache<RegistryVersion>;
  /** Milliseconds for which a lookup of a source that may change is good. */
  readonly lookupTtlMs: number;
}

/** An application whose files are in the cache. */
export interface CachedApp {
  readonly app: InstallableApp;
  /** Absolute path of its files in the form in which storages keep them; its own mode is 0700. */
  readonly files: string;
}

/** A source that says nothing about the application: its manifest must tell slug and version. */
export type UndescribedSource = HttpSource | FileSource | GitSource;

/** What messages call the application of a source, without credentials. */
export function sourceName(source: UndescribedSource): string {
  switch (source.kind) {
    case 'http':
    case 'git':
      return `the application at ${redactUrl(source.url)}`;
    case 'file':
      return `the application at ${source.path}`;
  }
}
