import { FleetError, toError } from '../../../errors.ts';
import type { NewDate, StoredDate } from '../../../jobs/dates/date-document.ts';
import { forgetGone, rememberGone } from '../../../jobs/dates/date-ids.ts';
import type { DateStore } from '../../../jobs/dates/date-store.ts';
import type { Fleet } from '../../../jobs/fleet/fleet.ts';

/** What lifts the block that was made for a date. */
export interface Lift {
  readonly of: StoredDate;
  /** A date of its own, of a batch that has no others. */
  readonly date: NewDate;
}

interface Places {
  readonly store: DateStore;
  readonly fleet: Fleet;
}

/**
 * Takes dates away, each under its revision, after what lifts their blocks was written. That they are gone is remembered before
 * all that, for a command may die in between: what it leaves is held when it is due. Of what is still there although the command
 * lives it is forgotten again.
 * @returns those that somebody else has changed, or taken away
 * @throws as what failed; with another advice where dates may be there that are not carried out
 */
export async function dropDates(
  places: Places,
  dates: readonly StoredDate[],
  lifts: readonly Lift[],
): Promise<StoredDate[]> {
  const { store, fleet } = places;
  try {
    await rememberGone(fleet, dates);
    await store.write(lifts.map(({ date }) => date));
    const dropped = await store.drop(dates);
    const kept = dates.filter((_, at) => dropped[at] !== true);
    await keep(places, kept, lifts);
    return kept;
  } catch (error) {
    await keep(places, dates, lifts).catch(() => {
      throw halfDone(toError(error));
    });
    throw error;
  }
}

/** Leaves those of these dates that are still there as if nobody had wanted them gone. */
async function keep({ store, fleet }: Places, dates: readonly StoredDate[], lifts: readonly Lift[]) {
  if (dates.length === 0) return;
  const theirs = lifts.filter(({ of }) => dates.includes(of));
  const now = await store.lookUp([...dates, ...theirs.map(({ date }) => date)].map(({ _id }) => _id));
  // Where somebody else has taken a date away, what lifts its block is still wanted, whoever of us has written it.
  const needless = theirs.filter(({ of }) => now.has(of._id)).map(({ date }) => asStored(date, now));
  await store.drop(needless.filter((each) => each !== undefined));
  await forgetGone(
    fleet,
    dates.filter((date) => asStored(date, now) !== undefined),
  );
}

/** That very date as it is stored now; undefined where there is none, or one that was set anew. */
function asStored(
  { _id, batch }: NewDate,
  now: ReadonlyMap<string, StoredDate | 'unreadable'>,
): StoredDate | undefined {
  const found = now.get(_id);
  return found !== undefined && found !== 'unreadable' && found.batch === batch ? found : undefined;
}

function halfDone(error: Error): FleetError {
  return new FleetError(
    error instanceof FleetError ? error.code : 'internal',
    `${error.message}; dates may be left that are not carried out when they are due`,
    'Take them back again by the same command: dates ls shows which are there. To keep one, set it again with --replace.',
    { cause: error },
  );
}
