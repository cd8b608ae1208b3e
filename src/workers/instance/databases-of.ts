import type { CouchServer } from '../../couchdb/server.ts';
import { databaseName, databasePrefix } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';

/** Knows where databases of instances are. */
export interface Clusters {
  /**
   * The cluster an instance's databases are on; `undefined` is cluster 0 (`docs/cozy-data.md` §1.1).
   * @throws Refusal `wrong_cluster` for one that is not configured
   */
  cluster(index: number | undefined): CouchServer;
}

/** The server that has the instance's databases, and what their names begin with. */
export function databasesOf(
  { cluster }: Clusters,
  instance: StoredInstance,
): { readonly server: CouchServer; readonly prefix: string } {
  return { server: cluster(instance.couch_cluster), prefix: databasePrefix(instance) };
}

/** The server that has the instance's databases, and the full name of one of them. */
export function databaseOf(
  clusters: Clusters,
  instance: StoredInstance,
  doctype: string,
): { readonly server: CouchServer; readonly name: string } {
  const { server, prefix } = databasesOf(clusters, instance);
  return { server, name: databaseName(prefix, doctype) };
}
