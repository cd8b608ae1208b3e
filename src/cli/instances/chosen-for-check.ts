import type { CouchServer } from '../../couchdb/server.ts';
import { InputError } from '../../errors.ts';
import { isEmptyFilter } from '../../instances/filter.ts';
import type { StoredInstance } from '../../instances/lookup.ts';
import { askForOthers, type OthersWithPrefix, readForOthers } from '../../instances/prefix-owners.ts';
import { type FilterValues, filterOf } from '../filter-flags.ts';
import { findInstance } from '../find-instance.ts';
import { chosenInstances } from './chosen-instances.ts';

export interface ChoiceFlags extends FilterValues {
  readonly all: boolean;
}

/** The instances that a command line means; opened once CouchDB is known to answer. */
export interface Choice {
  instances(global: CouchServer): AsyncIterable<StoredInstance>;
  /** The other owners of the prefix of each, in the way that costs least for so many. */
  others(global: CouchServer): OthersWithPrefix;
}

/**
 * Reads which instances are meant: by domain or alias, all, or those of a filter; undefined for none.
 * @param names as typed
 * @throws InputError `bad_choice` for more than one way at a time
 * @throws InputError `bad_filter`
 */
export function choiceOf(names: readonly string[], flags: ChoiceFlags): Choice | undefined {
  const filter = filterOf(flags);
  const ways = [names.length > 0, flags.all, !isEmptyFilter(filter)].filter((given) => given);
  if (ways.length > 1) {
    throw new InputError('bad_choice', 'domains, --all and filters exclude each other');
  }
  if (ways.length === 0) return undefined;
  if (names.length > 0) {
    return { instances: (global) => named(global, names), others: askForOthers };
  }
  return { instances: (global) => chosenInstances(global, filter), others: readForOthers };
}

/** All are looked up before the first is given: a name mistyped must not come up after an hour. */
async function* named(global: CouchServer, names: readonly string[]): AsyncGenerator<StoredInstance> {
  const found = new Map<string, StoredInstance>();
  for (const name of names) {
    const instance = await findInstance(global, name);
    found.set(instance._id, instance);
  }
  yield* found.values();
}
