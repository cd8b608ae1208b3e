import { chunks } from '../../chunk.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { filteredInstances } from '../../instances/lookup/all-instances.ts';
import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import { readKeptMeasures } from '../../usage/kept-report.ts';
import { beforeOrAfter } from '../../usage/life-now.ts';
import type { MeasuredInstance, MeasureProblem } from '../../usage/measure-instance.ts';
import { meetsKeptMeasures, unmeasuredOutside } from '../../usage/measured-filter.ts';
import type { PassingOver } from './meant-instances.ts';
import { KEPT_READINGS } from './report-usage.ts';

/** Instances that are looked up in the report at a time. */
const PAGE = 200;

/** What is told of instances of which the report does not say enough. */
export interface CacheMisses extends PassingOver {
  /** An instance in use that is passed over, for the report does not tell whether the filter means it. */
  onUntold(domain: string): void;
}

/** Of an instance in use that was made, or made anew, since, or that was being made or removed then. */
const MISSING = [...KEPT_READINGS].map(
  (reading): MeasureProblem => ({ reading, code: 'unmeasured', problem: 'it is not in the report' }),
);

/**
 * The instances that a filter means, with what the report that was kept says of them: documents are read as they are now,
 * and none of the instances' own databases.
 * @throws CouchError
 */
export async function* cachedInstances(
  global: CouchServer,
  filter: InstanceFilter,
  { onUnreadable, onUnmeasured, onUntold }: CacheMisses,
): AsyncGenerator<MeasuredInstance, void, undefined> {
  for await (const page of chunks(filteredInstances(global, filter, onUnreadable), PAGE)) {
    for (const { at, outside: then, ...kept } of await readKeptMeasures(global, page)) {
      const { instance, measures } = kept;
      const isTold = at !== undefined && then === undefined;
      // One that is being made or removed has nothing that a report could tell.
      const outside = isTold ? undefined : beforeOrAfter(instance);
      const meets = meetsKeptMeasures(filter, instance, measures);
      if (meets === undefined) {
        if (outside === undefined) onUntold(instance.domain);
        else onUnmeasured(unmeasuredOutside(instance.domain, outside));
      } else if (meets) {
        if (outside !== undefined) yield { ...kept, outside };
        else yield isTold ? kept : { ...kept, problems: MISSING };
      }
    }
  }
}
