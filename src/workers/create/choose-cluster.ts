import { randomInt } from 'node:crypto';
import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import type { CreateContext } from './context.ts';

/** The cluster that a new instance gets: the one asked for, else any that is open to creation. @throws FleetError `no_cluster` */
export function chooseCluster({ options, services }: CreateContext): number {
  if (options.couchCluster !== undefined) return options.couchCluster;
  const open = services.openClusters();
  const chosen = open[randomInt(Math.max(open.length, 1))];
  if (chosen === undefined) {
    throw new FleetError(
      'no_cluster',
      'no CouchDB cluster is open to the creation of instances',
      'Set instance_creation: true for one of couchdb.clusters.',
    );
  }
  return chosen;
}

/** Those open to creation whose breaker is closed; all of them when none is, so that the job waits. */
export function usableClusters(
  clusters: readonly CouchServer[],
  creation: readonly number[],
  board: { isUsable(server: CouchServer): boolean },
): readonly number[] {
  const usable = creation.filter((index) => {
    const server = clusters[index];
    return server !== undefined && board.isUsable(server);
  });
  return usable.length > 0 ? usable : creation;
}
