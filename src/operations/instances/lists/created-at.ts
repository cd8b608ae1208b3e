import { unlessNoDatabase } from '../../../couchdb/errors.ts';
import { databaseName, databasePrefix } from '../../../instances/databases/prefix.ts';
import { ROOT_ID } from '../../../instances/documents/file-documents.ts';
import type { StoredInstance } from '../../../instances/documents/instance-document.ts';
import { clusterIfAny } from '../../../instances/lookup/cluster-at.ts';
import type { Couch } from '../../connect/couch.ts';

/**
 * When an instance was made, in milliseconds since 1970: no field of its document says it, but its root directory does. Undefined
 * where that cannot be read.
 */
export async function createdAt(
  { cluster }: Pick<Couch, 'cluster'>,
  instance: StoredInstance,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const server = clusterIfAny(cluster, instance.couch_cluster);
  if (server === undefined) return undefined;
  const database = databaseName(databasePrefix(instance), 'io.cozy.files');
  const root = await unlessNoDatabase(server.getDocument(database, ROOT_ID, signal));
  const text = root?.['created_at'];
  const at = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  // A time before there were any instances is a zero of some program.
  return Number.isNaN(at) || at < Date.UTC(2010) ? undefined : at;
}
