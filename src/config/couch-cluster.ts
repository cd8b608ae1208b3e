import type { Config } from './config.ts';

type Couchdb = Pick<Config, 'couchdb'>;

/** Indexes of the clusters where new instances may be put; empty when the operator closed them all. */
export function clustersOpenToCreation(config: Couchdb): number[] {
  return config.couchdb.clusters.flatMap((cluster, index) => (cluster.creation ? [index] : []));
}
