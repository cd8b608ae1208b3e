import type { CouchServer } from '../../couchdb/server.ts';
import { InputError } from '../../errors.ts';
import { judgeAll } from '../../instances/lookup/all-instances.ts';
import { type InstanceFilter, isEmptyFilter, matches } from '../../instances/lookup/instance-filter.ts';
import type { Judged } from '../../instances/lookup/readable.ts';
import { findJudged } from './find-instance.ts';

/** How an operator says which instances are to be checked. */
export interface CheckSelection {
  /** Domains or aliases, as typed. */
  readonly names: readonly string[];
  readonly all: boolean;
  readonly filter: InstanceFilter;
}

/** The documents that are to be checked; opened once CouchDB is known to answer. */
export type SelectedDocuments = (global: CouchServer) => AsyncIterable<Judged>;

/**
 * Reads which instances are meant: by domain or alias, all, or those of a filter; undefined for none. Documents that
 * cannot be read come too, for nobody can tell whether a filter means them.
 * @throws InputError `bad_choice` for more than one way at a time
 */
export function selectForCheck({ names, all, filter }: CheckSelection): SelectedDocuments | undefined {
  const ways = [names.length > 0, all, !isEmptyFilter(filter)].filter((given) => given);
  if (ways.length > 1) {
    throw new InputError('bad_choice', 'domains, --all and filters exclude each other');
  }
  if (ways.length === 0) return undefined;
  return names.length > 0 ? (global) => named(global, names) : (global) => filtered(global, filter);
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
