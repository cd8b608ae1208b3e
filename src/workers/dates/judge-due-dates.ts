import { slices } from '../../chunk.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import { Refusal } from '../../instances/errors.ts';
import { countInstances } from '../../instances/lookup/all-instances.ts';
import {
  classifyDocument,
  type ReadResult,
  requireReadable,
} from '../../instances/lookup/classify-document.ts';
import { INSTANCES } from '../../instances/lookup/lookup.ts';
import type { StoredDate } from '../../jobs/dates/date-document.ts';
import { refuseDue } from '../../jobs/dates/judge-date.ts';
import { isTooMany } from '../../jobs/kinds/too-many.ts';
import { count } from '../../quantity-text.ts';
import type { DateRow } from './queue-dates.ts';

/** What CouchDB says of the instance of a date: `gone` where its document was there and was deleted. */
export type InstanceOfDate = ReadResult | 'gone' | 'missing';

/** Documents that are read at a time. */
const PAGE = 500;

/** The instances of these dates, by the ids of their documents. A list that is cut short, or a database that is away, throws. */
export async function instancesOf(
  global: CouchServer,
  dates: readonly StoredDate[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, InstanceOfDate>> {
  const found = new Map<string, InstanceOfDate>();
  const ids = [...new Set(dates.map(({ instance }) => instance.id))];
  for (const keys of slices(ids, PAGE)) {
    for (const { id, doc } of await global.allDocuments(INSTANCES, { keys, includeDocs: true }, signal)) {
      // Of one that was deleted CouchDB has a row without a document; of one that never was it says that.
      found.set(id, doc ? classifyDocument(doc) : doc === null ? 'gone' : 'missing');
    }
  }
  return found;
}

/** What is to become of dates that are due. */
export interface DueDates {
  /** Rows of their batches, those that end at once as failed among them. */
  readonly rows: readonly DateRow[];
  /** Those whose instance was destroyed by other means. */
  readonly gone: readonly StoredDate[];
  /** Those that wait for somebody's word, and why. */
  readonly held: readonly { readonly date: StoredDate; readonly why: FleetError }[];
}

/** Judges each date that is due by its instance; see `refuseDue`. */
export function judgeInstances(
  due: readonly StoredDate[],
  instances: ReadonlyMap<string, InstanceOfDate>,
): Pick<DueDates, 'rows' | 'gone'> {
  const rows: DateRow[] = [];
  const gone: StoredDate[] = [];
  for (const date of due) {
    const found = instances.get(date.instance.id) ?? 'missing';
    if (found === 'gone') gone.push(date);
    else rows.push(judged(date, found));
  }
  return { rows, gone };
}

function judged(date: StoredDate, found: Exclude<InstanceOfDate, 'gone'>): DateRow {
  const { domain } = date;
  try {
    // A document that nobody deleted is not gone: another database may have come in the place of the one that had it.
    if (found === 'missing') throw new Refusal('not_found', `there is no document of ${domain} any more`);
    const instance = requireReadable(found);
    refuseDue(date, instance);
    return { date, domain: instance.domain };
  } catch (error) {
    if (error instanceof Refusal) return { date, domain, refusal: error };
    throw error;
  }
}

/**
 * Holds back destructions that are more than somebody has confirmed: of one command more than the number that was said
 * when it set them, and of all others, whose number nobody had to say, more at once than the guard lets pass.
 * @param percent `fleet.guard` of the configuration
 */
export async function passGuardOfDates(
  global: CouchServer,
  percent: number,
  due: readonly StoredDate[],
  signal: AbortSignal,
): Promise<{ readonly passed: readonly StoredDate[]; readonly held: DueDates['held'] }> {
  const destructions = due.filter(({ act }) => act === 'destroy');
  const ofCommand = new Map<string, number>();
  for (const { batch } of destructions) ofCommand.set(batch, (ofCommand.get(batch) ?? 0) + 1);
  const isUnsaid = ({ confirmed }: StoredDate): boolean => confirmed === undefined;
  const unsaid = destructions.filter(isUnsaid).length;
  const isMany = unsaid > 0 && isTooMany(unsaid, await countInstances(global, signal), percent);
  const held: { date: StoredDate; why: FleetError }[] = [];
  const passed: StoredDate[] = [];
  for (const date of due) {
    const number = ofCommand.get(date.batch) ?? 0;
    const most = date.confirmed ?? date.total;
    if (date.act !== 'destroy') passed.push(date);
    else if (number > most) held.push({ date, why: tooMany(number, `${count(most)} were confirmed`) });
    else if (isMany && isUnsaid(date)) {
      held.push({ date, why: tooMany(unsaid, `which is more than ${percent} % of the fleet (fleet.guard)`) });
    } else passed.push(date);
  }
  return { passed, held };
}

function tooMany(number: number, why: string): FleetError {
  return new FleetError(
    'guard',
    `${count(number)} instances would be destroyed at once, ${why}`,
    'See them: cozy-fleet dates ls. If they are meant, set their dates again with --replace and --however-many.',
  );
}
