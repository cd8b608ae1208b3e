import { inOrder } from '../../in-order.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import {
  type MeasuredInstance,
  measureInstance,
  type Reading,
  type UsageServers,
} from '../../usage/measure-instance.ts';
import { MEASURED_AT_A_TIME } from './meant-instances.ts';

/**
 * Measures instances, some at a time, and gives them in their order; no more than these are held. What cannot be told of
 * one is a problem of its own.
 * @param readings what is asked for; nothing else is read
 * @throws CouchError where a server does not answer, or refuses our credentials
 */
export async function* measuredInstances(
  instances: AsyncIterable<StoredInstance>,
  readings: ReadonlySet<Reading>,
  servers: UsageServers,
): AsyncGenerator<MeasuredInstance, void, undefined> {
  if (readings.size > 0) {
    return yield* inOrder(instances, MEASURED_AT_A_TIME, async function* (instance, signal) {
      yield await measureInstance(instance, readings, servers, signal);
    });
  }
  for await (const instance of instances) yield { instance, measures: {}, problems: [] };
}
