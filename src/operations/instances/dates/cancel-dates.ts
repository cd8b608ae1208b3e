import { slices } from '../../../chunk.ts';
import type { CouchServer } from '../../../couchdb/server.ts';
import { dateId, type NewDate, type StoredDate } from '../../../jobs/dates/date-document.ts';
import { forgetGone, jobOfDate, newDateBatch, rememberGone } from '../../../jobs/dates/date-ids.ts';
import { createDateStore } from '../../../jobs/dates/date-store.ts';
import type { Fleet } from '../../../jobs/fleet/fleet.ts';
import { type Author, authorFields } from '../../../jobs/kinds/author.ts';
import { noteHistory } from '../../../jobs/queue/instance-history.ts';
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

/** What would become of a date that is to be taken back. Pure. */
export function judgeCancellation(date: StoredDate): DateCancellation {
  const about = { domain: date.domain, act: date.act, date: describeDate(date) };
  if (date.begun !== undefined && date.ended === undefined) {
    const why = `its job has begun: stop that with cozy-fleet jobs cancel ${jobOfDate(date)}`;
    return { ...about, verdict: 'refused', why };
  }
  return { ...about, verdict: 'cancelled', lifts: liftsBlock(date) };
}

/** The block by which an instance waits for its end goes with its date; one that a date was to lift stays. */
function liftsBlock({ act, block }: StoredDate): boolean {
  return act === 'destroy' && block?.ours === true && block.reason !== undefined;
}

/**
 * Takes dates back, each under its revision, so that of an operator and a job that begins one is first. A block that was
 * made for one becomes a date of its own that is due at once, before the date goes: a worker asks once more whether it is
 * ours still, and whatever dies in between, it is lifted. Safe to repeat.
 * @param now milliseconds since 1970
 */
export async function cancelDates(
  { global, fleet }: { readonly global: CouchServer; readonly fleet: Pick<Fleet, 'redis' | 'keys'> },
  dates: readonly StoredDate[],
  author: Author,
  now: number,
): Promise<DatesCancelled> {
  const store = createDateStore(global);
  const total = dates.filter(liftsBlock).length;
  const batch = newDateBatch();
  const rows = new Map(dates.map((date, at) => [date, at + 1]));
  const cancellations: DateCancellation[] = [];
  let isLifted = false;
  for (const page of slices(dates, PAGE)) {
    const judged = page.map((date) => ({ date, verdict: judgeCancellation(date) }));
    const wanted = judged.filter(({ verdict }) => verdict.verdict === 'cancelled').map(({ date }) => date);
    const lifting = wanted.filter(liftsBlock);
    const there = await store.lookUp(lifting.map(({ instance }) => dateId('unblock', instance.id)));
    const lifts = lifting.map((date) => {
      const lift = liftOf(date, { batch, total, author, now, row: rows.get(date) ?? 1 });
      const before = there.get(lift._id);
      // One that is set lifts the block in its time; one that has ended lifts nothing.
      const makesWay = before !== undefined && before !== 'unreadable' && before.ended !== undefined;
      return makesWay ? { ...lift, _rev: before._rev } : lift;
    });
    await rememberGone(fleet, wanted);
    const written = await store.write(lifts);
    const dropped = await store.drop(wanted);
    const kept = wanted.filter((_, at) => dropped[at] !== true);
    if (kept.length > 0) {
      await forgetGone(fleet, kept);
      await store.drop(
        written.filter((lift, at) => lift !== undefined && isIn(kept, lifting[at])).filter(isWritten),
      );
    }
    for (const { date, verdict } of judged) {
      const isChanged = kept.includes(date);
      const why = 'somebody else, or its job, has changed it at the same moment: look at it again';
      const { domain, act, date: text } = verdict;
      cancellations.push(isChanged ? { domain, act, date: text, verdict: 'refused', why } : verdict);
      if (verdict.verdict !== 'cancelled' || isChanged) continue;
      isLifted ||= verdict.lifts;
      await noteHistory(fleet, domain, `date-cancel-${date.batch}-${act}`, {
        ...{ at: now, what: 'date-cancel', state: 'asked', fields: [act] },
        ...authorFields(author),
      }).catch(() => undefined);
    }
  }
  return { cancellations, lifting: isLifted ? batch : undefined };
}

function isIn(dates: readonly StoredDate[], date: StoredDate | undefined): boolean {
  return date !== undefined && dates.includes(date);
}

function isWritten(date: StoredDate | undefined): date is StoredDate {
  return date !== undefined;
}

/** The end of a block that was made for a date, due at once. */
function liftOf(
  { instance, domain, block, zone, tries, batch: before }: StoredDate,
  lift: {
    readonly batch: string;
    readonly total: number;
    readonly row: number;
    readonly author: Author;
    readonly now: number;
  },
): NewDate {
  const at = new Date(lift.now).toISOString();
  return {
    _id: dateId('unblock', instance.id),
    v: 1,
    act: 'unblock',
    domain,
    instance,
    due: at,
    zone,
    said: 'now',
    batch: lift.batch,
    row: lift.row,
    total: lift.total,
    name: `dates taken back of ${before}`,
    ...authorFields(lift.author),
    setAt: at,
    tries,
    ...(block && { block }),
  };
}
