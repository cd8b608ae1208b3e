import type { CouchServer } from '../../couchdb/server.ts';
import { allInstances, countInstances } from '../../instances/all-instances.ts';
import { type InstanceFilter, isEmptyFilter, matches } from '../../instances/filter.ts';
import type { StoredInstance } from '../../instances/lookup.ts';

/** The instances that a filter means, in the order of the server. */
export async function* chosenInstances(
  global: CouchServer,
  filter: InstanceFilter,
): AsyncGenerator<StoredInstance> {
  for await (const instance of allInstances(global)) if (matches(filter, instance)) yield instance;
}

/** How many they are; only a filter makes it necessary to read them. */
export async function countChosen(global: CouchServer, filter: InstanceFilter): Promise<number> {
  if (isEmptyFilter(filter)) return await countInstances(global);
  let count = 0;
  for await (const _ of chosenInstances(global, filter)) count += 1;
  return count;
}
