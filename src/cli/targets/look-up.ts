import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { findByNames, type StoredInstance } from '../../instances/lookup.ts';
import { type Target, targetOf } from './target.ts';

/** A domain and where it was written. */
export interface WrittenDomain {
  readonly row: number;
  readonly domain: string;
}

/** Finds out which instances these domains are now, in one request. Aliases do not count. */
export async function lookUp<Written extends WrittenDomain>(
  global: CouchServer,
  written: readonly Written[],
): Promise<(Written & Target)[]> {
  const domains = written.map(({ domain }) => domain);
  const found = new Map<string, StoredInstance>();
  // A CouchDB on which nothing was made yet has no `global/instances`.
  const instances = (await unlessNoDatabase(findByNames(global, domains))) ?? [];
  // Of two documents with one domain the first one counts, as in the stack (`instance-data.md` §7).
  for (const instance of instances) {
    if (!found.has(instance.domain)) found.set(instance.domain, instance);
  }
  return written.map((each) => {
    const instance = found.get(each.domain);
    return instance === undefined ? each : { ...each, ...targetOf(instance, each.row) };
  });
}
