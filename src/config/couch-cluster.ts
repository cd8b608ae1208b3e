import type { Config } from './config.ts';

type Couchdb = Pick<Config, 'couchdb'>;

/**
 * URL of the CouchDB server that holds an instance's databases.
 *
 * @param index the instance's `couch_cluster`; absent means 0, since the stack leaves that out. An
 * index that is not in the list stands for the server of the global databases (`instance-data.md` §1.1).
 */
export function clusterUrl(config: Couchdb, index: number | undefined): string {
  return config.couchdb.clusters[index ?? 0]?.url ?? config.couchdb.url;
}

/** Indexes of the clusters where new instances may be put; empty when the operator closed them all. */
export function clustersOpenToCreation(config: Couchdb): number[] {
  return config.couchdb.clusters.flatMap((cluster, index) => (cluster.creation ? [index] : []));
}
