import { databasePrefix, databaseRange } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import { refuseFilesLeft } from '../../instances/lookup/refuse-other-storage.ts';
import { refuseOddPrefix, refuseShared } from '../../instances/lookup/sharing.ts';
import type { Services } from '../stage/services.ts';
import { foreignFiles } from './remove-files.ts';

/**
 * Refuses, before anything is touched, what could not be removed whole, or would take what is another
 * instance's with it.
 * @returns names of its databases, as its own cluster lists them
 * @throws Refusal `swift`, `other_storage`, `shared_prefix`, `shared_name`, `wrong_cluster`, `foreign_files`
 */
export async function refuseUnremovable(
  services: Services,
  instance: StoredInstance,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { domain } = instance;
  refuseFilesLeft(instance);
  refuseOddPrefix(instance);
  // Asked at once, and each taken at its word before the next one: what is refused goes by their order.
  const [sharing, listing, foreign] = await Promise.allSettled([
    services.prefixIndex.refresh(signal).then((owners) => refuseShared(owners, instance)),
    listDatabases(services, instance, signal),
    services.storage.isForeign(domain),
  ]);
  resultOf(sharing);
  const listed = resultOf(listing);
  if (resultOf(foreign)) throw foreignFiles(services, domain);
  return listed;
}

function resultOf<T>(end: PromiseSettledResult<T>): T {
  if (end.status === 'rejected') throw end.reason;
  return end.value;
}

/** Databases that stay behind where they were not looked for would be orphans without their files. */
async function listDatabases(
  { clusters, cluster }: Services,
  instance: StoredInstance,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { domain, couch_cluster: index = 0 } = instance;
  const start = databaseRange(databasePrefix(instance));
  const own = cluster(index);
  const listed = await own.listDatabases(start, signal);
  if (listed.length > 0) return listed;
  for (const other of clusters) {
    if (other === own || (await other.listDatabases(start, signal)).length === 0) continue;
    throw new Refusal(
      'wrong_cluster',
      `the databases of ${domain} are on ${other.host}, and not on its own cluster ${index}`,
      'Nothing was touched. Correct couchdb.clusters, for all workers.',
    );
  }
  return listed;
}
