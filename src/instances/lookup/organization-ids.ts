import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import type { InstanceFilter } from './instance-filter.ts';
import { INSTANCES } from './lookup.ts';

/** What a stack makes to find the instances of an organization; the first since 1.6.58 only (`docs/cozy-data.md` §9.2). */
const INDEXES = [
  { index: 'by-orgid', field: 'org_id', wanted: 'orgId' },
  { index: 'by-orgdomain', field: 'org_domain', wanted: 'orgDomain' },
] as const;

/** More than there are: each is an id and a revision. */
const NO_LIMIT = 1_000_000_000;

const design = z.object({
  language: z.literal('query'),
  views: z.record(
    z.string(),
    z.object({ map: z.object({ fields: z.unknown(), partial_filter_selector: z.unknown() }) }),
  ),
});

/**
 * Ids of the documents that an index has for the organization of a filter; undefined where the filter names none, or
 * there is no such index. None is ever made here: by `by-orgid` the stacks of one number are told from those of
 * another (`platform/platform-indexes.ts`). A document whose `org_id` is no text is not among them.
 */
export async function organizationIds(
  global: CouchServer,
  filter: InstanceFilter,
  signal?: AbortSignal,
): Promise<string[] | undefined> {
  for (const { index, field, wanted } of INDEXES) {
    const value = filter[wanted];
    if (value === undefined || !(await isThere(global, index, field, signal))) continue;
    const query = {
      selector: { [field]: value },
      use_index: index,
      fields: ['_id', '_rev'],
      limit: NO_LIMIT,
    };
    return (await global.find(INSTANCES, query, signal)).map(({ _id }) => _id);
  }
  return undefined;
}

/** Whether there is an index of that name, which has all documents with that field. */
async function isThere(
  global: CouchServer,
  index: string,
  field: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const document = await unlessNoDatabase(global.getDocument(INSTANCES, `_design/${index}`, signal));
  const stored = design.safeParse(document);
  if (!stored.success) return false;
  const maps = Object.values(stored.data.views).map(({ map }) => map);
  return maps.some(
    ({ fields, partial_filter_selector: filter = {} }) =>
      isDeepStrictEqual(fields, { [field]: 'asc' }) && isDeepStrictEqual(filter, {}),
  );
}
