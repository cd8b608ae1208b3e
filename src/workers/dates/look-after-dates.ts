import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import { endedDate, type NewDate, type StoredDate } from '../../jobs/dates/date-document.ts';
import { wereGone } from '../../jobs/dates/date-ids.ts';
import { createDateStore, type DateStore } from '../../jobs/dates/date-store.ts';
import { type CouchTime, soundTime } from '../../jobs/dates/earlier-clock.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { heldNames } from '../../jobs/queue/held-names.ts';
import type { Log } from '../../logger.ts';
import {
  type DueDates,
  type InstanceOfDate,
  instancesOf,
  judgeInstances,
  passGuardOfDates,
} from './judge-due-dates.ts';
import { byBatch, type DateRow, queueDates } from './queue-dates.ts';
import { type RowOfDate, rowsOf, settlementOf } from './settle-dates.ts';
import { tellTurns } from './tell-turns.ts';

/** What dates are looked after with. */
export interface DateServices {
  readonly fleet: KeyedFleet;
  /** The CouchDB of `couchdb.url`. */
  readonly global: CouchServer;
  /** `fleet.guard` of the configuration, per cent. */
  readonly guardPercent: number;
  /** What CouchDB takes for the time, and what this machine did meanwhile. */
  couchTime(signal: AbortSignal): Promise<CouchTime>;
  readonly log: Log;
  /** Aborted when the worker stops. */
  readonly signal: AbortSignal;
}

/** What a look leaves for the next one. */
export interface DateLook {
  /** When the next date is due, in milliseconds since 1970; undefined where none is set. */
  readonly nextDue: number | undefined;
  /** Dates whose jobs are under way. */
  readonly queued: number;
}

/** Milliseconds for which a date is put off whose instance other work has. */
const PUT_OFF_MS = 60_000;

/** It is put off for no longer than that, however often it was before. */
const MOST_PUT_OFF_MS = 3_600_000;

/**
 * Makes jobs of the dates that are due, and takes away those that were seen to be carried out. Each step is written down
 * with the date before it is done, and ids follow from the dates: a worker that dies anywhere, or two that look at once,
 * make nothing twice. Where clocks disagree nothing is done.
 * @param sweeps whether dates that are not due go as well where their instance was destroyed by other means
 */
export async function lookAfterDates(services: DateServices, sweeps: boolean): Promise<DateLook> {
  const { global, log, signal } = services;
  const store = createDateStore(global);
  const { dates, unreadable } = await store.list(signal);
  if (unreadable.length > 0) {
    log.warn('dates of another version are left alone', {
      total: unreadable.length,
      document: unreadable[0],
    });
  }
  if (dates.length === 0) return { nextDue: undefined, queued: 0 };
  const time = soundTime(await services.couchTime(signal));
  if ('problem' in time) {
    log.error('no date is carried out', { problem: time.problem });
    return { nextDue: nextDueOf(dates), queued: 0 };
  }
  const known = dates.filter(({ queued, ended }) => queued !== undefined || ended !== undefined);
  const set = dates.filter(({ queued, ended }) => queued === undefined && ended === undefined);
  const due = set.filter((date) => Date.parse(date.due) <= time.now);
  const queued = await settleQueued(services, store, known, time.now);
  await queueDue(services, store, due, time.now);
  const later = set.filter((date) => Date.parse(date.due) > time.now);
  if (sweeps) await dropGone(services, store, later);
  return { nextDue: nextDueOf(later), queued: queued + due.length };
}

function nextDueOf(dates: readonly StoredDate[]): number | undefined {
  const times = dates.filter(({ ended }) => ended === undefined).map(({ due }) => Date.parse(due));
  return times.length === 0 ? undefined : times.reduce((first, each) => Math.min(first, each));
}

/** Only what CouchDB says was deleted is gone: a document that never was there may be in another database. */
async function dropGone(
  { fleet, global, signal }: DateServices,
  store: DateStore,
  dates: readonly StoredDate[],
): Promise<void> {
  const instances = await instancesOf(global, dates, signal);
  const gone = dates.filter(({ instance }) => instances.get(instance.id) === 'gone');
  await tellTurns(fleet, gone);
  if (gone.length > 0) await store.drop(gone, signal);
}

/** @returns how many of them are under way */
async function settleQueued(
  services: DateServices,
  store: DateStore,
  dates: readonly StoredDate[],
  now: number,
): Promise<number> {
  const { fleet, global, log, signal } = services;
  const instances = await instancesOf(global, dates, signal);
  const rows = await rowsOf(fleet, dates);
  const done: StoredDate[] = [];
  const again: StoredDate[] = [];
  const changed: NewDate[] = [];
  // Whoever noted that they have ended may have died before it was told, which is done once however often it is tried.
  const over = dates.filter(({ ended }) => ended !== undefined);
  let underWay = 0;
  for (const [at, date] of dates.entries()) {
    const about: RowOfDate = rows[at] ?? { row: undefined, lives: false };
    const settlement = settlementOf(date, about, instances.get(date.instance.id) ?? 'missing');
    switch (settlement.settle) {
      case 'leave':
        if (date.ended === undefined) underWay += 1;
        break;
      case 'drop':
        done.push(date);
        break;
      case 'queue':
        again.push(date);
        break;
      case 'putOff':
        changed.push(putOff(date, now));
        break;
      case 'end':
        log.warn('a date was not carried out', { domain: date.domain, code: settlement.code });
        changed.push(endedDate(date, settlement));
        break;
      default:
        settlement satisfies never;
    }
  }
  await tellTurns(fleet, [...over, ...done, ...changed.filter(({ ended }) => ended !== undefined)]);
  if (done.length > 0) {
    await store.drop(done, signal);
    log.info('dates carried out', { total: done.length });
  }
  if (changed.length > 0) await store.write(changed, signal);
  if (again.length > 0) await queueRows(services, store, judgeInstances(again, instances).rows);
  return underWay + again.length;
}

/** The same date again a little later, as another job: each time for twice as long, for each time is a batch. */
function putOff({ queued: _, begun: __, turn = 0, ...date }: StoredDate, now: number): StoredDate {
  const pause = Math.min(PUT_OFF_MS * 2 ** turn, MOST_PUT_OFF_MS);
  return { ...date, turn: turn + 1, due: new Date(now + pause).toISOString() };
}

async function queueDue(
  services: DateServices,
  store: DateStore,
  due: readonly StoredDate[],
  now: number,
): Promise<void> {
  if (due.length === 0) return;
  const { fleet, global, guardPercent, log, signal } = services;
  const fresh = await withoutDone(services, store, due);
  const instances = await instancesOf(global, fresh, signal);
  const { gone } = judgeInstances(fresh, instances);
  await tellTurns(fleet, gone);
  if (gone.length > 0) await store.drop(gone, signal);
  const left = fresh.filter((date) => !gone.includes(date));
  const { passed, held } = await passGuardOfDates(global, guardPercent, left, signal);
  await hold(services, store, held);
  const { free, busy } = await byHolder(services, passed, instances);
  // Queued now its row would fail at once; nothing of it is known to anybody yet, so that it stays the row it is to be.
  const later = new Date(now + PUT_OFF_MS).toISOString();
  if (busy.length > 0)
    await store.write(
      busy.map((date) => ({ ...date, due: later })),
      signal,
    );
  const at = new Date().toISOString();
  const noted = await store.write(
    free.map((date) => ({ ...date, queued: { at } })),
    signal,
  );
  const ours = noted.filter((date) => date !== undefined);
  await queueRows(services, store, judgeInstances(ours, instances).rows);
  if (ours.length > 0) log.info('dates are due', { total: ours.length });
}

/** Those whose instance no job has at this moment, and the others. */
async function byHolder(
  { fleet }: DateServices,
  dates: readonly StoredDate[],
  instances: ReadonlyMap<string, InstanceOfDate>,
): Promise<{ readonly free: readonly StoredDate[]; readonly busy: readonly StoredDate[] }> {
  const named = dates.map((date) => {
    const found = instances.get(date.instance.id);
    const isRead = found !== undefined && found !== 'gone' && found !== 'missing' && found.readable;
    return { date, name: isRead ? found.instance.domain : date.domain };
  });
  const held = await heldNames(
    fleet,
    named.map(({ name }) => name),
  );
  return {
    free: named.filter(({ name }) => !held.has(name)).map(({ date }) => date),
    busy: named.filter(({ name }) => held.has(name)).map(({ date }) => date),
  };
}

/** Notes why nothing is done by these dates before somebody has said so, and logs it; the next look has it notified. */
async function hold({ log, signal }: DateServices, store: DateStore, held: DueDates['held']): Promise<void> {
  for (const { date, why } of held) {
    const { domain, batch } = date;
    log.error('a date is held', { domain, batch, code: why.code, problem: why.message });
  }
  await store.write(
    held.map(({ date, why }) => endedDate(date, why)),
    signal,
  );
}

/**
 * Dates of which Redis knows that they were taken back, or were jobs before, come from an earlier CouchDB that was put in
 * the place of the one that had them: nothing is done by them.
 */
async function withoutDone(
  services: DateServices,
  store: DateStore,
  due: readonly StoredDate[],
): Promise<StoredDate[]> {
  const { fleet } = services;
  const [gone, rows] = await Promise.all([wereGone(fleet, due), rowsOf(fleet, due)]);
  const fresh: StoredDate[] = [];
  const held: { date: StoredDate; why: FleetError }[] = [];
  for (const [at, date] of due.entries()) {
    const before = rows[at];
    const isDone = before !== undefined && (before.row !== undefined || before.lives);
    if (gone[at] !== true && !isDone) {
      fresh.push(date);
      continue;
    }
    const what = isDone
      ? 'was carried out before: CouchDB is an earlier one'
      : 'was taken back before: CouchDB is an earlier one, or the command that took it back was cut off, and is to be repeated';
    const why = new FleetError('done_before', `the date of ${date.domain} ${what}`);
    held.push({ date, why });
  }
  await hold(services, store, held);
  return fresh;
}

/** Queues them by their batches; those that are refused are noted so first, for their rows end at once. */
async function queueRows(
  { fleet, signal }: DateServices,
  store: DateStore,
  rows: readonly DateRow[],
): Promise<void> {
  const refused = rows.flatMap(({ date, refusal }) =>
    refusal === undefined ? [] : [endedDate(date, refusal)],
  );
  if (refused.length > 0) await store.write(refused, signal);
  for (const [batchId, some] of byBatch(rows)) await queueDates(fleet, batchId, some);
  await tellTurns(fleet, refused);
}
