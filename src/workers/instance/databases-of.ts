import type { CouchServer } from '../../couchdb/server.ts';
import { databaseName, databasePrefix } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import type { Clusters } from '../stage/services.ts';

/** The server that has the instance's databases, and what their names begin with. */
export function databasesOf(
  { cluster }: Clusters,
  instance: StoredInstance,
): { readonly server: CouchServer; readonly prefix: string } {
  return { server: cluster(instance.couch_cluster), prefix: databasePrefix(instance) };
}

/** Whether two readings of an instance's document mean the same databases: those on one cluster, below one prefix. */
export function haveSameDatabases(one: StoredInstance, other: StoredInstance): boolean {
  const { couch_cluster: cluster = 0 } = one;
  return cluster === (other.couch_cluster ?? 0) && databasePrefix(one) === databasePrefix(other);
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
