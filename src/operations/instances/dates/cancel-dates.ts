import { slices } from '../../../chunk.ts';
import type { CouchServer } from '../../../couchdb/server.ts';
import { defined } from '../../../defined.ts';
import type { ReadResult } from '../../../instances/lookup/classify-document.ts';
import {
  dateId,
  isLift,
  LIFT_SAID,
  type NewDate,
  ownReason,
  type StoredDate,
} from '../../../jobs/dates/date-document.ts';
import { newDateBatch } from '../../../jobs/dates/date-ids.ts';
import { createDateStore } from '../../../jobs/dates/date-store.ts';
import { liveJobsOf } from '../../../jobs/dates/jobs-of-dates.ts';
import type { Fleet } from '../../../jobs/fleet/fleet.ts';
import { type Author, authorFields } from '../../../jobs/kinds/author.ts';
import { noteHistory } from '../../../jobs/queue/instance-history.ts';
import { askToStop } from '../../jobs/cancel-job.ts';
import { dropDates, type Lift } from './drop-dates.ts';
import { instancesOfDates } from './instances-of-dates.ts';
import { describeDate } from './judge-setting.ts';

/** What becomes of a date that is to be taken back. */
export type DateCancellation = {
  readonly domain: string;
  readonly act: NewDate['act'];
  readonly date: string;
} & (
  | {
      readonly verdict: 'cancelled';
      /** Whether the block that was made for it is lifted. */
      readonly lifts: boolean;
    }
  /** It stays: it lifts the block of a destruction that was taken back before. */
  | { readonly verdict: 'unblocking' }
  /** It is too late, or somebody else has changed it at the same moment. */
  | { readonly verdict: 'refused'; readonly why: string }
);

/** Dates that were taken back. */
export interface DatesCancelled {
  readonly cancellations: readonly DateCancellation[];
  /** The batch by which workers lift the blocks of these dates; undefined where there are none. */
  readonly lifting: string | undefined;
}

/** Dates that are taken back at a time. */
const PAGE = 200;

/** Where dates and their jobs are. */
export interface DateServices {
  /** The CouchDB of `couchdb.url`. */
  readonly global: CouchServer;
  readonly fleet: Fleet;
}

/** What beside dates that somebody has set is meant. */
export interface CancelScope {
  /** Also what lifts the blocks of destructions that were taken back before; else that stays, as long as it may still do so. */
  readonly withLifts: boolean;
}

const WITHOUT_LIFTS: CancelScope = { withLifts: false };

/** What is known beside a date that is to be taken back. */
export interface CancellationFacts {
  /** Its instance; undefined where there is none. */
  readonly found: ReadResult | undefined;
  /** Ids of its jobs that have not ended, or are there again to be tried again. */
  readonly live: readonly string[];
}

/**
 * What would become of a date that is to be taken back. That its job has failed does not mean that it is over: somebody may
 * have it tried again, and what it has flagged is still to go. Pure.
 */
export function judgeCancellation(
  date: StoredDate,
  { found, live }: CancellationFacts,
  { withLifts }: CancelScope = WITHOUT_LIFTS,
): DateCancellation {
  const about = { domain: date.domain, act: date.act, date: describeDate(date) };
  const refused = (why: string): DateCancellation => ({ ...about, verdict: 'refused', why });
  const { begun, ended } = date;
  if (!withLifts && isLift(date) && (ended === undefined || live.length > 0)) {
    return { ...about, verdict: 'unblocking' };
  }
  if (begun !== undefined && (ended === undefined || live.length > 0)) {
    return refused(`its job has begun: stop that with cozy-fleet jobs cancel ${live[0] ?? begun.job}`);
  }
  if (date.act === 'destroy' && found !== undefined) {
    const wasFlagged = date.destruction.resume && begun === undefined;
    if (!found.readable && begun !== undefined) {
      return refused(
        'its job has begun, and nobody can tell whether it is being deleted, for it cannot be read',
      );
    }
    if (found.readable && found.instance.deleting === true && !wasFlagged) {
      return refused(
        `it is being deleted: to keep it, cozy-fleet instances modify ${found.instance.domain} --deleting=false, then --blocked=false if it was shut already; after that take its date back`,
      );
    }
  }
  return { ...about, verdict: 'cancelled', lifts: liftsBlock(date) };
}

/** What would become of each of these dates, in their order; nothing is written. */
export async function judgeCancellations(
  services: DateServices,
  dates: readonly StoredDate[],
  scope: CancelScope = WITHOUT_LIFTS,
): Promise<DateCancellation[]> {
  return (await judged(services, dates, scope)).map(({ verdict }) => verdict);
}

async function judged({ global, fleet }: DateServices, dates: readonly StoredDate[], scope: CancelScope) {
  // Redis first: a job that begins after that writes the date, which is taken back under its revision.
  const jobs = await liveJobsOf(fleet, dates);
  const instances = await instancesOfDates(global, dates);
  return dates.map((date, at) => {
    const live = jobs[at] ?? [];
    const facts = { found: instances.get(date.instance.id), live };
    return { date, live, verdict: judgeCancellation(date, facts, scope) };
  });
}

/** The block by which an instance waits for its end goes with its date; one that a date was to lift stays. */
function liftsBlock(date: StoredDate): boolean {
  return date.act === 'destroy' && ownReason(date) !== undefined;
}

/**
 * Takes dates back, each under its revision, so that of an operator and a job that begins one is first. A block that was
 * made for one becomes a date of its own that is due at once, before the date goes: a worker asks once more whether it is
 * ours still, and whatever dies in between, it is lifted. A job that is queued by one, or exports by it, is asked to stop.
 * What fails half-way leaves each date either gone or as it was. Safe to repeat: what lifts a block by then stays.
 * @param now milliseconds since 1970
 */
export async function cancelDates(
  services: DateServices,
  dates: readonly StoredDate[],
  author: Author,
  now: number,
  scope: CancelScope = WITHOUT_LIFTS,
): Promise<DatesCancelled> {
  const { global, fleet } = services;
  const store = createDateStore(global);
  const total = dates.filter(liftsBlock).length;
  const batch = newDateBatch();
  const rows = new Map(dates.map((date, at) => [date, at + 1]));
  const cancellations: DateCancellation[] = [];
  let isLifted = false;
  for (const page of slices(dates, PAGE)) {
    const all = await judged(services, page, scope);
    const wanted = all.filter(({ verdict }) => verdict.verdict === 'cancelled').map(({ date }) => date);
    const lifting = wanted.filter(liftsBlock);
    const there = await store.lookUp(lifting.map(({ instance }) => dateId('unblock', instance.id)));
    const lifts = lifting.map((of): Lift => {
      const date = liftOf(of, { batch, total, author, now, row: rows.get(of) ?? 1 });
      const before = there.get(date._id);
      // One that is set lifts the block in its time; one that has ended lifts nothing.
      const makesWay = before !== undefined && before !== 'unreadable' && before.ended !== undefined;
      return { of, date: makesWay ? { ...date, _rev: before._rev } : date };
    });
    const kept = await dropDates({ store, fleet }, wanted, lifts);
    for (const { date, verdict, live } of all) {
      const isChanged = kept.includes(date);
      const why = 'somebody else, or its job, has changed it at the same moment: look at it again';
      const { domain, act, date: text } = verdict;
      cancellations.push(isChanged ? { domain, act, date: text, verdict: 'refused', why } : verdict);
      if (verdict.verdict !== 'cancelled' || isChanged) continue;
      isLifted ||= verdict.lifts;
      // It would find out by itself that its date is gone, but not before it has exported somebody who stays.
      for (const jobId of live) await askToStop(fleet, { jobId, domain }, author).catch(() => undefined);
      await noteHistory(fleet, domain, `date-cancel-${date.batch}-${act}`, {
        ...{ at: now, what: 'date-cancel', state: 'asked', fields: [act] },
        ...authorFields(author),
      }).catch(() => undefined);
    }
  }
  return { cancellations, lifting: isLifted ? batch : undefined };
}

/** The end of a block that was made for a date, due at once. */
function liftOf(
  date: StoredDate,
  lift: {
    readonly batch: string;
    readonly total: number;
    readonly row: number;
    readonly author: Author;
    readonly now: number;
  },
): NewDate {
  const { instance, domain, zone, tries, batch: before } = date;
  const at = new Date(lift.now).toISOString();
  return {
    _id: dateId('unblock', instance.id),
    v: 1,
    act: 'unblock',
    domain,
    instance,
    due: at,
    zone,
    said: LIFT_SAID,
    batch: lift.batch,
    row: lift.row,
    total: lift.total,
    name: `dates taken back of ${before}`,
    ...authorFields(lift.author),
    setAt: at,
    tries,
    block: { ours: true, ...defined({ reason: ownReason(date) }) },
  };
}
