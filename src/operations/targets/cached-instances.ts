import { chunks } from '../../chunk.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { filteredInstances } from '../../instances/lookup/all-instances.ts';
import type { OnUnreadable } from '../../instances/lookup/classify-document.ts';
import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import { readKeptMeasures } from '../../usage/kept-report.ts';
import type { MeasuredInstance } from '../../usage/measure-instance.ts';
import { meetsKeptMeasures } from '../../usage/measured-filter.ts';

/** Instances that are looked up in the report at a time. */
const PAGE = 200;

/** What is told of instances of which the report does not say enough. */
export interface CacheMisses {
  readonly onUnreadable: OnUnreadable;
  /** An instance that was made, or made anew, since. */
  onMissing(domain: string): void;
  /** An instance that is passed over, for the report does not tell whether the filter means it. */
  onUntold(domain: string): void;
}

/**
 * The instances that a filter means, with what the report that was kept says of them: documents are read as they are now,
 * and none of the instances' own databases.
 * @throws CouchError
 */
export async function* cachedInstances(
  global: CouchServer,
  filter: InstanceFilter,
  { onUnreadable, onMissing, onUntold }: CacheMisses,
): AsyncGenerator<MeasuredInstance, void, undefined> {
  for await (const page of chunks(filteredInstances(global, filter, onUnreadable), PAGE)) {
    for (const { at, ...measured } of await readKeptMeasures(global, page)) {
      const { domain } = measured.instance;
      const meets = meetsKeptMeasures(filter, measured.instance, measured.measures);
      if (at === undefined) onMissing(domain);
      else if (meets === undefined) onUntold(domain);
      if (meets === true) yield measured;
    }
  }
}
