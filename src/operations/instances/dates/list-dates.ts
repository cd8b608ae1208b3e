import { slices } from '../../../chunk.ts';
import { unlessNoDatabase } from '../../../couchdb/errors.ts';
import type { CouchServer } from '../../../couchdb/server.ts';
import { defined } from '../../../defined.ts';
import { classifyDocument, type ReadResult } from '../../../instances/lookup/classify-document.ts';
import { type InstanceFilter, isEmptyFilter, matches } from '../../../instances/lookup/instance-filter.ts';
import { INSTANCES } from '../../../instances/lookup/lookup.ts';
import { windowText } from '../../../jobs/batches/window.ts';
import {
  DATE_ACTS,
  type DateAct,
  type DateState,
  dateId,
  dateState,
  type StoredDate,
} from '../../../jobs/dates/date-document.ts';
import { batchOfDate, jobOfDate } from '../../../jobs/dates/date-ids.ts';
import { createDateStore } from '../../../jobs/dates/date-store.ts';
import { luxon } from '../../../time-zones.ts';

/** Which dates are meant; what is absent is not asked. */
export interface DateChoice {
  /** Normalised. */
  readonly domains?: ReadonlySet<string> | undefined;
  /** Milliseconds since 1970. */
  readonly dueBefore?: number | undefined;
  /** The batch that they become. */
  readonly batch?: string | undefined;
  /** What their instances are now. */
  readonly filter?: InstanceFilter | undefined;
}

/** A date as people and programs read it. */
export interface DateLine {
  /** Of the instance when its date was set. */
  readonly domain: string;
  readonly act: DateAct;
  /** ISO 8601 with the offset of its zone. */
  readonly due: string;
  /** IANA name of the time zone. */
  readonly zone: string;
  readonly state: DateState;
  /** The batch that it becomes, or has become. */
  readonly batch: string;
  /** Its job; absent before it is queued. */
  readonly job?: string;
  /** Whether the instance was blocked for it, and with which reason; absent where none was asked for, or it was not seen yet. */
  readonly blockedFor?: string;
  /** Hours in which it is begun, such as `22:00-06:00 Europe/Paris`. */
  readonly window?: string;
  readonly by?: string;
  readonly reason?: string;
  readonly setAt: string;
  /** Why it was not carried out. */
  readonly code?: string;
  readonly message?: string;
}

/** Dates that are meant, and what could not be read. */
export interface ChosenDates {
  /** By the time at which they are due. */
  readonly dates: readonly StoredDate[];
  /** Ids of documents that are none of ours, or of a later version. */
  readonly unreadable: readonly string[];
  /** Dates of which nobody can tell whether the filter means them, for their instance cannot be read, or is not there. */
  readonly passedOver: readonly StoredDate[];
}

/** Documents that are read at a time. */
const PAGE = 500;

/** Finds the dates that are meant. */
export async function chooseDates(global: CouchServer, choice: DateChoice): Promise<ChosenDates> {
  const { dates, unreadable } = await createDateStore(global).list();
  const { domains, dueBefore, batch, filter = {} } = choice;
  const named = dates.filter(
    (date) =>
      (domains === undefined || domains.has(date.domain)) &&
      (dueBefore === undefined || Date.parse(date.due) < dueBefore) &&
      (batch === undefined || date.batch === batch || batchOfDate(date) === batch),
  );
  const byDue = (one: StoredDate, other: StoredDate) =>
    one.due.localeCompare(other.due) || one.domain.localeCompare(other.domain);
  if (isEmptyFilter(filter)) return { dates: named.sort(byDue), unreadable, passedOver: [] };
  const instances = await readInstances(global, named);
  const found = (date: StoredDate) => instances.get(date.instance.id);
  const isMeant = (date: StoredDate): boolean => {
    const result = found(date);
    return result?.readable === true && matches(filter, result.instance);
  };
  return {
    dates: named.filter(isMeant).sort(byDue),
    unreadable,
    passedOver: named.filter((date) => found(date)?.readable !== true),
  };
}

async function readInstances(
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

/** A date as it is listed. */
export function dateLine(date: StoredDate): DateLine {
  const { domain, act, due, zone, queued, block, steering, by, reason, setAt, ended } = date;
  const at = luxon().DateTime.fromISO(due, { zone });
  return {
    domain,
    act,
    due: at.toISO({ suppressMilliseconds: true }) ?? due,
    zone,
    state: dateState(date),
    batch: batchOfDate(date),
    ...(queued !== undefined && { job: jobOfDate(date) }),
    ...(block?.ours === true && block.reason !== undefined && { blockedFor: block.reason }),
    ...(steering?.window !== undefined && { window: windowText(steering.window) }),
    ...defined({ by, reason }),
    setAt,
    ...(ended !== undefined && { code: ended.code, message: ended.message }),
  };
}

/** What a listing says of the dates of instances, by the ids of their documents: such as `destroy 2027-01-31T22:00:00+01:00`. */
export async function dateTexts(global: CouchServer): Promise<ReadonlyMap<string, readonly string[]>> {
  const texts = new Map<string, string[]>();
  for (const date of (await chooseDates(global, {})).dates) {
    const { id } = date.instance;
    const { act, due, state } = dateLine(date);
    texts.set(id, [...(texts.get(id) ?? []), `${act} ${due}${state === 'set' ? '' : ` (${state})`}`]);
  }
  return texts;
}

/** The dates of one instance. @param instanceId `_id` of its document */
export async function datesOf(global: CouchServer, instanceId: string): Promise<DateLine[]> {
  const ids = DATE_ACTS.map((act) => dateId(act, instanceId));
  const found = await createDateStore(global).lookUp(ids);
  return [...found.values()].flatMap((date) => (date === 'unreadable' ? [] : [dateLine(date)]));
}
