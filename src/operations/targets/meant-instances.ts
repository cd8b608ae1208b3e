import { inOrder } from '../../in-order.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { filteredInstances } from '../../instances/lookup/all-instances.ts';
import type { OnUnreadable } from '../../instances/lookup/classify-document.ts';
import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import type { UsageServers } from '../../usage/measure-instance.ts';
import { hasMeasures, judgeMeasures, type OnUnmeasured } from '../../usage/measured-filter.ts';

/** What is told of instances of which nobody can say whether they are meant. */
export interface PassingOver {
  readonly onUnreadable: OnUnreadable;
  readonly onUnmeasured: OnUnmeasured;
}

/** Instances that are measured at a time: some short requests each. */
export const MEASURED_AT_A_TIME = 12;

/**
 * The instances that a filter means, in the order of the server. What their documents do not say is read instance by
 * instance, some at a time; without such parts it costs nothing.
 * @throws CouchError where a server does not answer, or refuses our credentials
 */
export async function* meantInstances(
  servers: UsageServers,
  filter: InstanceFilter,
  { onUnreadable, onUnmeasured }: PassingOver,
): AsyncGenerator<StoredInstance> {
  const candidates = filteredInstances(servers.global, filter, onUnreadable);
  if (!hasMeasures(filter)) return yield* candidates;
  const judged = inOrder(candidates, MEASURED_AT_A_TIME, async function* (instance, signal) {
    yield { instance, judgement: await judgeMeasures(filter, instance, servers, signal) };
  });
  for await (const { instance, judgement } of judged) {
    if (judgement === true) yield instance;
    else if (judgement !== false) onUnmeasured(judgement);
  }
}
