import { Refusal } from '../errors.ts';

/**
 * The CouchDB cluster that has the databases of an instance. A stack falls back to the server of `couchdb.url` for one
 * that it does not know; here nothing is looked for, made or removed in a place that was not meant.
 *
 * @param clusters those of `couchdb.clusters`, in their order
 * @param index `couch_cluster` of the instance; absent means 0, since the stack leaves that out
 * (`docs/cozy-data.md` §1.1)
 * @throws Refusal `wrong_cluster` for whatever is not a whole number within the list
 */
export function clusterAt<Cluster>(clusters: readonly Cluster[], index: number | undefined): Cluster {
  const cluster = Number.isInteger(index ?? 0) ? clusters[index ?? 0] : undefined;
  if (cluster !== undefined) return cluster;
  throw new Refusal(
    'wrong_cluster',
    `there is no CouchDB cluster ${index}: couchdb.clusters has ${clusters.length}, and the first one is 0`,
    'Nothing was touched. Correct couchdb.clusters, for all workers, or couch_cluster in the document of the instance.',
  );
}

/** As `cluster` answers, but undefined where it throws `wrong_cluster`: for callers that go on without the cluster. */
export function clusterIfAny<Cluster>(
  cluster: (index: number | undefined) => Cluster,
  index: number | undefined,
): Cluster | undefined {
  try {
    return cluster(index);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'wrong_cluster') return undefined;
    throw error;
  }
}
