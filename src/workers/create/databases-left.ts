import { prefixOf } from '../../instances/databases/prefix.ts';
import type { CreateContext } from './context.ts';

/**
 * Databases below the prefix that is computed from the domain: an earlier life has left them, a stack makes them just now, or a
 * twin of this job. On any cluster that the new instance may get. An earlier life that had its databases from the pool has
 * left none here, and none that the new one could meet.
 */
export async function databasesLeft({ options, services, signal }: CreateContext): Promise<string[]> {
  const start = `${prefixOf(options.domain)}/`;
  const indexes = options.couchCluster === undefined ? services.openClusters() : [options.couchCluster];
  const servers = new Set(indexes.map((index) => services.cluster(index)));
  const lists = await Promise.all([...servers].map((server) => server.listDatabases(start, signal)));
  return lists.flat();
}
