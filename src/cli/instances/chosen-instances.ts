import type { CouchServer } from '../../couchdb/server.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { allInstances } from '../../instances/lookup/all-instances.ts';
import type { OnUnreadable } from '../../instances/lookup/classify-document.ts';
import { type InstanceFilter, matches } from '../../instances/lookup/instance-filter.ts';

/**
 * The instances that a filter means, in the order of the server.
 * @param onUnreadable told of each document of which nobody can tell whether it is meant
 */
export async function* chosenInstances(
  global: CouchServer,
  filter: InstanceFilter,
  onUnreadable: OnUnreadable,
): AsyncGenerator<StoredInstance> {
  for await (const instance of allInstances(global, onUnreadable)) {
    if (matches(filter, instance)) yield instance;
  }
}
