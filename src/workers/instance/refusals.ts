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
 * @throws Refusal `swift`, `other_storage`, `shared_prefix`, `shared_name`, `wrong_cluster`, `foreign_files`
 */
export async function refuseUnremovable(
  services: Services,
  instance: StoredInstance,
  signal: AbortSignal,
): Promise<void> {
  const { domain } = instance;
  refuseFilesLeft(instance);
  refuseOddPrefix(instance);
  refuseShared(await services.prefixIndex.refresh(signal), instance);
  await refuseWrongCluster(services, instance, signal);
  if (await services.storage.isForeign(domain)) throw foreignFiles(services, domain);
}

/** Databases that stay behind where they were not looked for would be orphans without their files. */
async function refuseWrongCluster(
  { clusters, cluster }: Services,
  instance: StoredInstance,
  signal: AbortSignal,
): Promise<void> {
  const { domain, couch_cluster: index = 0 } = instance;
  const start = databaseRange(databasePrefix(instance));
  const own = cluster(index);
  if ((await own.listDatabases(start, signal)).length > 0) return;
  for (const other of clusters) {
    if (other === own || (await other.listDatabases(start, signal)).length === 0) continue;
    throw new Refusal(
      'wrong_cluster',
      `the databases of ${domain} are on ${other.host}, and not on its own cluster ${index}`,
      'Nothing was touched. Correct couchdb.clusters, for all workers.',
    );
  }
}
