import type { CouchDocument } from '../src/couchdb/documents.ts';
import type { CouchServer } from '../src/couchdb/server.ts';
import { isPoolPrefix } from '../src/instances/databases/pool-prefix.ts';
import { prefixOf } from '../src/instances/databases/prefix.ts';
import { findByNames } from '../src/instances/lookup/lookup.ts';

/** Prefixes below which an instance of the benchmark may have databases. @param document its own, if it has one */
export function prefixesIn(domain: string, document: CouchDocument | undefined): string[] {
  const prefix = document?.['prefix'];
  const pooled = typeof prefix === 'string' && isPoolPrefix(prefix) ? [prefix] : [];
  return [prefixOf(domain), ...pooled];
}

/** The prefixes that instances have, whoever made them. @throws when one of them is not there */
export async function prefixesOf(
  couch: CouchServer,
  domains: readonly string[],
): Promise<Map<string, string>> {
  const found = await findByNames(couch, [...domains]);
  const prefixes = new Map(found.map(({ domain, prefix }) => [domain, prefix ?? prefixOf(domain)]));
  const missing = domains.find((domain) => !prefixes.has(domain));
  if (missing !== undefined) throw new Error(`${missing} was said to be made, and is not there`);
  return prefixes;
}
