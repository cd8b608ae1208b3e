import { unlessNoDatabase } from '../../../couchdb/errors.ts';
import type { CouchServer } from '../../../couchdb/server.ts';
import type { ReadResult } from '../../../instances/lookup/classify-document.ts';
import { classifyByIds } from '../../../instances/lookup/lookup.ts';
import type { StoredDate } from '../../../jobs/dates/date-document.ts';

/** The instances of these dates, by the ids of their documents; without those that are not there. */
export async function instancesOfDates(
  global: CouchServer,
  dates: readonly StoredDate[],
): Promise<ReadonlyMap<string, ReadResult>> {
  const ids = dates.map(({ instance }) => instance.id);
  return (await unlessNoDatabase(classifyByIds(global, ids))) ?? new Map();
}
