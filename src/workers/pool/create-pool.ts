import type { CouchServer } from '../../couchdb/server.ts';
import type { DesignSource, Designs } from '../../instances/databases/design-source.ts';
import { definitionsDigest } from '../../instances/pool/pool-item.ts';
import type { Pool } from './pool.ts';
import { createReadyItems } from './ready-items.ts';

export interface PoolParts extends Pick<Pool, 'store' | 'fleet' | 'settings'> {
  /** The cluster of that index. */
  cluster(index: number): CouchServer;
  readonly designs: DesignSource;
  /** `fleet.q`; undefined = the server's own. */
  readonly q: number | undefined;
  /** `fleet.n`; undefined = the server's own. */
  readonly n: number | undefined;
}

/** The pool of a fleet; undefined where its size is 0. */
export function createPool({ store, fleet, settings, cluster, designs, q, n }: PoolParts): Pool | undefined {
  if (settings.size === 0) return undefined;
  const digests = new WeakMap<Designs, string>();
  return {
    store,
    ready: createReadyItems(store),
    fleet,
    settings,
    async definitions(index, signal) {
      const made = await designs.of(cluster(index), signal);
      // They are read once; each claim asks several times.
      const digest = digests.get(made) ?? definitionsDigest({ designs: made, q, n });
      digests.set(made, digest);
      return digest;
    },
  };
}
