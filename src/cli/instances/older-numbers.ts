import type { IndexesVersion } from '../../config/config.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { definitionsOf } from '../../instances/databases/databases.ts';
import { isReservation } from '../../instances/documents/reservation.ts';
import { allInstances } from '../../instances/lookup/all-instances.ts';

/** How many instances have indexes that are known here, under an older number than that one. */
export async function countOlderNumbers(global: CouchServer, version: IndexesVersion): Promise<number> {
  let count = 0;
  // Documents that cannot be read are told where instances are chosen.
  for await (const instance of allInstances(global, () => undefined)) {
    const { indexes_version: found } = instance;
    if (instance.deleting === true || isReservation(instance)) continue;
    if (found !== undefined && found < version && definitionsOf(found) !== undefined) count += 1;
  }
  return count;
}
