import type { CouchServer } from '../../../couchdb/server.ts';
import { defined } from '../../../defined.ts';
import { inOrder } from '../../../in-order.ts';
import type { ReadResult } from '../../../instances/lookup/classify-document.ts';
import {
  describeFilter,
  documentPart,
  type InstanceFilter,
  isEmptyFilter,
  matchesDocument,
} from '../../../instances/lookup/instance-filter.ts';
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
import type { UsageServers } from '../../../usage/measure-instance.ts';
import { judgeMeasures, type MeasureJudgement } from '../../../usage/measured-filter.ts';
import { MEASURED_AT_A_TIME } from '../../targets/meant-instances.ts';
import { instancesOfDates } from './instances-of-dates.ts';

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
  /** Where a worker exports it first, without which nothing of it is removed; absent = it is not exported. */
  readonly exportTo?: string;
  /** Whether konnectors do not tell other services that its accounts are gone. */
  readonly skipAccounts?: true;
  /** Whether it goes on with an instance that somebody else has flagged. */
  readonly resume?: true;
  /** In words: what the instance must still be when it is due; absent = whatever it is. */
  readonly filter?: string;
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
  /**
   * Dates of which nobody can tell whether the filter means them, for their instance cannot be read or measured, or is not
   * there.
   */
  readonly passedOver: readonly StoredDate[];
}

/**
 * Finds the dates that are meant. What a filter asks beside the document of an instance is read of each.
 * @throws CouchError where a server does not answer, or refuses our credentials
 */
export async function chooseDates(servers: UsageServers, choice: DateChoice): Promise<ChosenDates> {
  const { global } = servers;
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
  const instances = await instancesOfDates(global, named);
  const judged = inOrder(eachOf(named), MEASURED_AT_A_TIME, async function* (date, signal) {
    yield { date, meant: await isMeant(filter, instances.get(date.instance.id), servers, signal) };
  });
  const chosen: StoredDate[] = [];
  const passedOver: StoredDate[] = [];
  for await (const { date, meant } of judged) {
    if (meant === true) chosen.push(date);
    else if (meant !== false) passedOver.push(date);
  }
  return { dates: chosen.sort(byDue), unreadable, passedOver };
}

async function* eachOf<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

/** @returns undefined where the instance cannot be read, or is not there */
async function isMeant(
  filter: InstanceFilter,
  found: ReadResult | undefined,
  servers: UsageServers,
  signal: AbortSignal,
): Promise<MeasureJudgement | undefined> {
  if (found?.readable !== true) return undefined;
  return (
    matchesDocument(documentPart(filter), found.instance) &&
    (await judgeMeasures(filter, found.instance, servers, signal))
  );
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
    ...destructionOf(date),
    ...(steering?.window !== undefined && { window: windowText(steering.window) }),
    ...defined({ by, reason }),
    setAt,
    ...(ended !== undefined && { code: ended.code, message: ended.message }),
  };
}

/** How it is destroyed, as far as that is not as usual. */
function destructionOf(date: StoredDate): Pick<DateLine, 'exportTo' | 'skipAccounts' | 'resume' | 'filter'> {
  if (date.act !== 'destroy') return {};
  const { exportTo, skipAccounts, resume } = date.destruction;
  return {
    ...defined({ exportTo }),
    ...(skipAccounts && { skipAccounts }),
    ...(resume && { resume }),
    ...(date.filter !== undefined && { filter: describeFilter(date.filter) }),
  };
}

/** What a listing says of the dates of instances, by the ids of their documents: such as `destroy 2027-01-31T22:00:00+01:00`. */
export async function dateTexts(servers: UsageServers): Promise<ReadonlyMap<string, readonly string[]>> {
  const texts = new Map<string, string[]>();
  for (const date of (await chooseDates(servers, {})).dates) {
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
