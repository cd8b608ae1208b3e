import { compareVersions, parseVersion } from '../../apps/manifest/app-version.ts';
import type { StoredApp } from '../../usage/stored-apps.ts';

/** One version of an application from one source, and how many instances have it. */
export interface AppCount extends Pick<StoredApp, 'kind' | 'slug' | 'version' | 'source'> {
  readonly instances: number;
}

/** Counts applications as they come; holds no more than one number for each version and source. */
export class AppCounter {
  readonly #counts = new Map<string, AppCount>();

  add({ kind, slug, version, source }: StoredApp): void {
    const key = JSON.stringify([kind, slug, version, source]);
    const { instances = 0 } = this.#counts.get(key) ?? {};
    this.#counts.set(key, { kind, slug, version, source, instances: instances + 1 });
  }

  /** Webapps before konnectors, by slug, the oldest version first; what cannot be put in order is older than that. */
  counts(): readonly AppCount[] {
    return [...this.#counts.values()].sort(
      (left, right) =>
        byText(right.kind, left.kind) ||
        byText(left.slug, right.slug) ||
        byVersion(left.version, right.version) ||
        byText(left.version, right.version) ||
        byText(left.source, right.source),
    );
  }
}

function byVersion(left: string, right: string): number {
  const one = parseVersion(left);
  const other = parseVersion(right);
  if (one !== undefined && other !== undefined) return compareVersions(one, other);
  return Number(one !== undefined) - Number(other !== undefined);
}

function byText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
