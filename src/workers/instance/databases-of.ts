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

/** The server that has the instance's databases, and the full name of one of them. */
export function databaseOf(
  clusters: Clusters,
  instance: StoredInstance,
  doctype: string,
): { readonly server: CouchServer; readonly name: string } {
  const { server, prefix } = databasesOf(clusters, instance);
  return { server, name: databaseName(prefix, doctype) };
}
