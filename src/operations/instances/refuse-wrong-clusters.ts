import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import { databasePrefix, databaseRange } from '../../instances/databases/prefix.ts';
import { isReservation } from '../../instances/documents/reservation.ts';
import { allInstances } from '../../instances/lookup/all-instances.ts';
import { clusterIfAny } from '../../instances/lookup/cluster-at.ts';
import type { Couch } from '../connect/couch.ts';

/**
 * More instances without any database than this part of all look like a wrong list of clusters
 * (`ARCHITECTURE.md` §3.7).
 */
const MOST_LACKING = 0.05;

/**
 * Makes sure that the databases of the instances are where the configuration says, before many are
 * repaired: on a wrong cluster each of them would look broken.
 * @throws FleetError `too_many_lacking`
 */
export async function refuseWrongClusters(couch: Pick<Couch, 'global' | 'cluster'>): Promise<void> {
  const listings = new Map<CouchServer, PrefixListing>();
  let total = 0;
  let lacking = 0;
  // Documents that cannot be read are told where instances are chosen.
  for await (const instance of allInstances(couch.global, () => undefined)) {
    // What is being made or deleted may have none.
    if (instance.deleting === true || isReservation(instance)) continue;
    total += 1;
    const server = clusterIfAny(couch.cluster, instance.couch_cluster);
    if (server === undefined) {
      lacking += 1;
      continue;
    }
    const hasDatabases = listings.get(server) ?? listPrefixes(server);
    listings.set(server, hasDatabases);
    if (!(await hasDatabases(databasePrefix(instance)))) lacking += 1;
  }
  if (lacking <= total * MOST_LACKING) return;
  throw new FleetError(
    'too_many_lacking',
    `${lacking} of ${total} instances have no database at all; nothing was repaired`,
    'Check couchdb.clusters in the configuration. If they are really lost, repair them one by one.',
  );
}

/** Whether a server has any database of that prefix. */
type PrefixListing = (prefix: string) => Promise<boolean>;

/** The first digits of a prefix: the names of all databases at once could be millions (`orphans.ts`). */
const RANGE = /^cozy[0-9a-f]{2}(?=[0-9a-f]{30}$)/;

/** Asks for each range of prefixes once, when the first of them is looked for, and keeps no other names. */
function listPrefixes(server: CouchServer): PrefixListing {
  const ranges = new Map<string, ReadonlySet<string>>();
  return async (prefix) => {
    // The older ones are named by the domain, and few.
    const range = RANGE.exec(prefix)?.[0] ?? databaseRange(prefix);
    const there = ranges.get(range) ?? new Set((await server.listDatabases(range)).map(prefixOfName));
    ranges.set(range, there);
    return there.has(prefixOfName(databaseRange(prefix)));
  };
}

function prefixOfName(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}
