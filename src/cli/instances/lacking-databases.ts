import { FleetError } from '../../errors.ts';
import { allInstances } from '../../instances/all-instances.ts';
import { isReservation } from '../../instances/instance-document.ts';
import { databasePrefix } from '../../instances/prefix.ts';
import type { Couch } from '../couch.ts';

/** More instances without any database than this part of all look like a wrong list of clusters (design §3). */
const MOST_LACKING = 0.05;

/**
 * Makes sure that the databases of the instances are where the configuration says, before many are
 * repaired: on a wrong cluster each of them would look broken.
 * @throws FleetError `too_many_lacking`
 */
export async function refuseWrongClusters(couch: Couch): Promise<void> {
  const prefixes = new Map<object, ReadonlySet<string>>();
  let total = 0;
  let lacking = 0;
  for await (const instance of allInstances(couch.global)) {
    // What is being made or deleted may have none, and what has no domain is no instance.
    if (instance.domain === '' || instance.deleting === true || isReservation(instance)) continue;
    const server = couch.cluster(instance.couch_cluster);
    const there = prefixes.get(server) ?? (await prefixesOn(server));
    prefixes.set(server, there);
    total += 1;
    if (!there.has(databasePrefix(instance))) lacking += 1;
  }
  if (lacking <= total * MOST_LACKING) return;
  throw new FleetError(
    'too_many_lacking',
    `${lacking} of ${total} instances have no database at all; nothing was repaired`,
    'Check couchdb.clusters in the configuration. If they are really lost, repair them one by one.',
  );
}

async function prefixesOn(server: ReturnType<Couch['cluster']>): Promise<ReadonlySet<string>> {
  const names = await server.listDatabases('');
  return new Set(names.map((name) => name.slice(0, name.indexOf('/'))));
}
