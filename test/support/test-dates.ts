import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { type DateAct, dateId, type NewDate, type StoredDate } from '../../src/jobs/dates/date-document.ts';
import { newDateBatch } from '../../src/jobs/dates/date-ids.ts';
import { createDateStore, type DateStore } from '../../src/jobs/dates/date-store.ts';
import { type DateServices, lookAfterDates } from '../../src/workers/dates/look-after-dates.ts';
import type { TestFleet } from './fleet.ts';

/** Far enough away for a worker's own looks to leave it alone. */
export const DUE = '2099-03-01T12:00:00.000Z';
export const DUE_MS = Date.parse(DUE);

type OfAct<Act extends DateAct> = Extract<NewDate, { act: Act }>;

function common(instance: StoredInstance) {
  const { _id: id, domain } = instance;
  return {
    v: 1,
    domain,
    instance: { id, incarnation: incarnationOf(instance) },
    due: DUE,
    zone: 'Europe/Paris',
    said: '30d',
    batch: newDateBatch(),
    row: 1,
    total: 1,
    confirmed: 1,
    name: 'leavers.csv',
    by: 'operator@host',
    setAt: '2026-01-01T00:00:00.000Z',
    tries: 1,
  } as const;
}

/** A date on which that instance is destroyed. */
export function destroyDate(
  instance: StoredInstance,
  more: Partial<OfAct<'destroy'>> = {},
): OfAct<'destroy'> {
  const destruction = { skipAccounts: false, resume: false };
  return { ...common(instance), _id: dateId('destroy', instance._id), act: 'destroy', destruction, ...more };
}

/** A date on which it is unblocked. */
export function unblockDate(
  instance: StoredInstance,
  more: Partial<OfAct<'unblock'>> = {},
): OfAct<'unblock'> {
  return { ...common(instance), _id: dateId('unblock', instance._id), act: 'unblock', ...more };
}

/** Dates of a test's own, on a CouchDB that others may share. */
export interface TestDates {
  readonly store: DateStore;
  /** Writes a date; it goes at the end. */
  set<Each extends NewDate>(date: Each): Promise<StoredDate>;
  /** The date as it is now. */
  now(date: Pick<NewDate, '_id'>): Promise<StoredDate | undefined>;
  /** A worker's look when both clocks say that. @param ms since 1970 */
  lookAt(ms: number, more?: Partial<DateServices>): Promise<void>;
  clear(): Promise<void>;
}

export function testDates(test: TestFleet, log: DateServices['log']): TestDates {
  const store = createDateStore(test.server);
  const set = new Set<string>();
  const never = new AbortController().signal;
  async function now({ _id }: Pick<NewDate, '_id'>): Promise<StoredDate | undefined> {
    const found = await store.get(_id);
    if (found === 'unreadable') throw new Error(`${_id} cannot be read`);
    return found;
  }
  return {
    store,
    now,
    async set(date) {
      set.add(date._id);
      const [stored] = await store.write([date]);
      if (stored === undefined) throw new Error(`there is a date ${date._id}`);
      return stored;
    },
    async lookAt(ms, more = {}) {
      const { fleet, server: global } = test;
      const couchTime = async () => ({ said: ms, asked: ms, answered: ms });
      await lookAfterDates({ fleet, global, guardPercent: 5, couchTime, log, signal: never, ...more }, true);
    },
    async clear() {
      for (const _id of set) {
        const found = await now({ _id });
        if (found !== undefined) await store.drop([found]);
      }
      set.clear();
    },
  };
}
