import { canonicalJson } from '../../canonical-json.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { type GivenFlag, instanceFlags, type SharedFlags } from './instance-flags.ts';

/** How many instances get a value of a flag from a source. */
export interface FlagCount extends GivenFlag {
  readonly instances: number;
}

/** The flags of many instances. */
export interface FleetFlags {
  readonly instances: number;
  /** Those with feature sets: their manager may say otherwise. */
  readonly with_sets: number;
  /** By name; of one flag the most frequent first. */
  readonly flags: readonly FlagCount[];
}

/** Counts the flags of instances; no more than one instance is held, and each value once. */
export async function countFlags(
  instances: AsyncIterable<StoredInstance>,
  shared: SharedFlags,
): Promise<FleetFlags> {
  const counts = new Map<string, GivenFlag & { instances: number }>();
  let total = 0;
  let withSets = 0;
  for await (const instance of instances) {
    const { given, sets } = instanceFlags(instance, shared);
    total += 1;
    if (sets.length > 0) withSets += 1;
    for (const flag of given) {
      const key = canonicalJson([flag.name, flag.source, flag.value]);
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { ...flag, instances: 1 });
      else known.instances += 1;
    }
  }
  const flags = [...counts.values()].sort((a, b) => byText(a.name, b.name) || b.instances - a.instances);
  return { instances: total, with_sets: withSets, flags };
}

/** Order by code units, so that it is the same everywhere. */
function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
