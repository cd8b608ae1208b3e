import { slices } from '../../../chunk.ts';
import { unlessNoDatabase } from '../../../couchdb/errors.ts';
import type { CouchServer } from '../../../couchdb/server.ts';
import { classifyDocument, type ReadResult } from '../../../instances/lookup/classify-document.ts';
import { INSTANCES } from '../../../instances/lookup/lookup.ts';
import type { StoredDate } from '../../../jobs/dates/date-document.ts';

/** Documents that are read at a time. */
const PAGE = 500;

/** The instances of these dates, by the ids of their documents; without those that are not there. */
export async function instancesOfDates(
  global: CouchServer,
  dates: readonly StoredDate[],
): Promise<ReadonlyMap<string, ReadResult>> {
  const found = new Map<string, ReadResult>();
  for (const keys of slices([...new Set(dates.map(({ instance }) => instance.id))], PAGE)) {
    const rows = await unlessNoDatabase(global.allDocuments(INSTANCES, { keys, includeDocs: true }));
    for (const { id, doc } of rows ?? []) if (doc) found.set(id, classifyDocument(doc));
  }
  return found;
}
