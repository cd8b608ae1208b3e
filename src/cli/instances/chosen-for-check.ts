import type { CouchServer } from '../../couchdb/server.ts';
import { InputError } from '../../errors.ts';
import { judgeAll } from '../../instances/lookup/all-instances.ts';
import { type InstanceFilter, isEmptyFilter, matches } from '../../instances/lookup/instance-filter.ts';
import type { Judged } from '../../instances/lookup/readable.ts';
import { type FilterValues, filterOf } from '../filter-flags.ts';
import { findJudged } from '../find-instance.ts';

export interface ChoiceFlags extends FilterValues {
  readonly all: boolean;
}

/** The instances that a command line means; opened once CouchDB is known to answer. */
export interface Choice {
  /** With the documents that cannot be read, of which nobody can tell whether a filter means them. */
  documents(global: CouchServer): AsyncIterable<Judged>;
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
    return { documents: (global) => named(global, names) };
  }
  return { documents: (global) => filtered(global, filter) };
}

/** All are looked up before the first is given: a name mistyped must not come up after an hour. */
async function* named(global: CouchServer, names: readonly string[]): AsyncGenerator<Judged> {
  const found = new Map<string, Judged>();
  for (const name of names) {
    const judged = await findJudged(global, name);
    found.set(judged.readable ? judged.instance._id : judged.unreadable._id, judged);
  }
  yield* found.values();
}

async function* filtered(global: CouchServer, filter: InstanceFilter): AsyncGenerator<Judged> {
  for await (const judged of judgeAll(global)) {
    if (!judged.readable || matches(filter, judged.instance)) yield judged;
  }
}
