import pLimit from 'p-limit';
import { z } from 'zod';
import type { CouchServer } from '../couchdb/server.ts';
import { INSTANCES } from './lookup.ts';
import { databasePrefix } from './prefix.ts';
import type { PrefixOwner } from './prefix-owners.ts';

/** Knows which instances share their databases with another. */
export interface PrefixCensus {
  /** The other instances with that prefix, as they are now. */
  others(prefix: string, id: string, signal?: AbortSignal): Promise<PrefixOwner[]>;
}

/** Documents that are read at a time. */
const PAGE = 1000;

/** Whatever has a prefix may own databases, even if it lacks a domain. */
const counted = z.object({ domain: z.string().catch(''), prefix: z.string().optional() });

/**
 * Counts once, then follows the changes: no index of the stack's is by prefix, and reading 20,000
 * documents for each destruction would cost more than the destruction.
 */
export function createPrefixCensus(global: CouchServer): PrefixCensus {
  const owners = new Map<string, { readonly domain: string; readonly prefix: string }>();
  const byPrefix = new Map<string, Set<string>>();
  const oneByOne = pLimit(1);
  let since = '0';

  function forget(id: string): void {
    const { prefix = '' } = owners.get(id) ?? {};
    byPrefix.get(prefix)?.delete(id);
    if (byPrefix.get(prefix)?.size === 0) byPrefix.delete(prefix);
    owners.delete(id);
  }

  async function catchUp(signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      const { changes, lastSequence } = await global.changes(INSTANCES, since, PAGE, signal);
      for (const { id, deleted, doc } of changes) {
        forget(id);
        const { data } = counted.safeParse(doc);
        if (deleted === true || data === undefined) continue;
        const { domain } = data;
        const prefix = databasePrefix({
          domain,
          ...(data.prefix === undefined ? {} : { prefix: data.prefix }),
        });
        if (prefix === '') continue;
        owners.set(id, { domain, prefix });
        byPrefix.set(prefix, (byPrefix.get(prefix) ?? new Set()).add(id));
      }
      since = lastSequence;
      if (changes.length < PAGE) return;
    }
  }

  return {
    async others(prefix, id, signal) {
      await oneByOne(() => catchUp(signal));
      return [...(byPrefix.get(prefix) ?? [])].flatMap((_id) => {
        const { domain } = owners.get(_id) ?? {};
        return _id === id || domain === undefined ? [] : [{ _id, domain }];
      });
    },
  };
}
