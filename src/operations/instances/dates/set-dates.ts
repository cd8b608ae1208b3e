import { chunks } from '../../../chunk.ts';
import type { CouchServer } from '../../../couchdb/server.ts';
import { classifyByIds } from '../../../instances/lookup/lookup.ts';
import { clockText } from '../../../jobs/batches/hold-of.ts';
import { DATE_ACTS, dateId, type NewDate, type StoredDate } from '../../../jobs/dates/date-document.ts';
import { newDateBatch, rememberGone } from '../../../jobs/dates/date-ids.ts';
import { createDateStore, type DateStore } from '../../../jobs/dates/date-store.ts';
import { liveJobsOf } from '../../../jobs/dates/jobs-of-dates.ts';
import type { KeyedFleet } from '../../../jobs/fleet/fleet.ts';
import { openAddress, sealAddress } from '../../../jobs/fleet/notices.ts';
import { authorFields } from '../../../jobs/kinds/author.ts';
import type { DateOfJob } from '../../../jobs/kinds/envelope.ts';
import { noteHistory } from '../../../jobs/queue/instance-history.ts';
import { failureLimit } from '../../batches/steering-input.ts';
import { type GuardQuestion, guardQuestion, passGuard } from '../../plan/guard.ts';
import {
  type Selection,
  type SelectionServices,
  selectTargets,
  type Targets,
} from '../../targets/selection.ts';
import type { Target } from '../../targets/target.ts';
import { type BatchNaming, type PreparedBatch, preparedBatch } from '../prepared-batch.ts';
import { type DateOrder, judgeSetting, type SettingVerdict } from './judge-setting.ts';

/** What became, or would become, of one row. */
export type DateSetting = SettingVerdict & { readonly row: number; readonly domain: string };

/** How the dates of a command are set. */
export interface SetDatesOptions extends Omit<BatchNaming, 'howeverMany'> {
  /** Who wants it, for the record: `user@host`. */
  readonly actor: string;
  /** `fleet.guard` of the configuration. */
  readonly guardPercent: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Dates that may be set once their number was confirmed. To be closed in any case. */
export interface PreparedDates {
  readonly total: number;
  /** Which instances, in words, for a question. */
  readonly described: string;
  /** Documents of which nobody can tell whether they are meant. */
  readonly passedOver: number;
  guardQuestion(): Promise<GuardQuestion | undefined>;
  /** What would become of each row; nothing is written. */
  look(): AsyncIterable<readonly DateSetting[]>;
  /**
   * Writes the dates.
   * @param howeverMany their number, as somebody has typed it
   * @throws FleetError `guard`
   */
  set(fleet: KeyedFleet, howeverMany: number | undefined): Promise<DatesSet>;
  close(): Promise<void>;
}

/** Dates as they were set. */
export interface DatesSet {
  /** Of those that are new: they become it when they are due. */
  readonly batch: string;
  readonly settings: readonly DateSetting[];
}

/**
 * Finds the instances whose dates are to be set.
 * @throws InputError as `selectTargets`
 */
export async function prepareDates(
  services: SelectionServices,
  selection: Selection,
  order: DateOrder,
  options: SetDatesOptions,
): Promise<PreparedDates> {
  const { global } = services;
  const targets = await selectTargets(selection, services);
  const { total, described, passedOver } = targets;
  const store = createDateStore(global);
  // A block takes an instance from its owner, and so does its end.
  const isGuarded = order.act === 'destroy' || order.block !== undefined;
  const guard = { global, percent: options.guardPercent, number: isGuarded ? total : 0 };
  const setting = { global, store, targets, order, options };
  return {
    total,
    described,
    passedOver,
    guardQuestion: () => guardQuestion(guard),
    look: () => judgedPages(setting, newDateBatch(), undefined, undefined),
    async set(fleet, howeverMany) {
      await passGuard(guard, howeverMany);
      const batch = newDateBatch();
      const settings: DateSetting[] = [];
      for await (const page of judgedPages(setting, batch, fleet, howeverMany)) {
        settings.push(...(await written(setting, fleet, page)));
      }
      return { batch, settings };
    },
    close: () => targets.close(),
  };
}

interface Setting {
  readonly global: CouchServer;
  readonly store: DateStore;
  readonly targets: Targets;
  readonly order: DateOrder;
  readonly options: SetDatesOptions;
}

async function* judgedPages(
  setting: Setting,
  batch: string,
  fleet: KeyedFleet | undefined,
  confirmed: number | undefined,
): AsyncGenerator<DateSetting[]> {
  const { global, store, targets, order, options } = setting;
  const { name = targets.name, reason, tries, steering, maxFailures, notify, actor, now } = options;
  const { notBefore: _notBefore, pause: _pause, ...held } = steering ?? {};
  const shared = {
    ...{ batch, total: targets.total, confirmed, name, tries },
    ...authorFields({ by: actor, reason }),
    ...(maxFailures === undefined ? {} : failureLimit(maxFailures, targets.total)),
    steering: withoutNull(held),
    notify: fleet === undefined || notify === undefined ? undefined : sealAddress(fleet.sealKey, notify),
  };
  for await (const page of targets.pages()) {
    const ids = page.flatMap(({ seen }) => (seen === undefined ? [] : [seen.id]));
    const found = await classifyByIds(global, ids);
    const dates = await store.lookUp(ids.flatMap((id) => DATE_ACTS.map((act) => dateId(act, id))));
    const live = await liveDates(fleet, dates);
    yield page.map((target) => {
      const id = target.seen?.id ?? '';
      const of = (act: (typeof DATE_ACTS)[number]) => dates.get(dateId(act, id));
      const same = of(order.act);
      const facts = {
        ...{ found: found.get(id), same, lives: live.has(dateId(order.act, id)) },
        notifiesSame: same === 'unreadable' ? undefined : isNotified(same, notify, fleet),
        other: of(order.act === 'destroy' ? 'unblock' : 'destroy'),
      };
      const verdict = judgeSetting(order, shared, target, targets.filter, facts, now);
      return { row: target.row, domain: target.domain, ...verdict };
    });
  }
}

/** The ids of those dates a job of which has begun and has not ended; none without a fleet, where nothing is written. */
async function liveDates(
  fleet: KeyedFleet | undefined,
  dates: ReadonlyMap<string, StoredDate | 'unreadable'>,
): Promise<ReadonlySet<string>> {
  const known = [...dates.values()]
    .filter((date) => date !== 'unreadable')
    .filter(({ begun }) => begun !== undefined);
  if (fleet === undefined || known.length === 0) return new Set();
  const jobs = await liveJobsOf(fleet, known);
  return new Set(known.filter((_, at) => (jobs[at] ?? []).length > 0).map(({ _id }) => _id));
}

/** Whether a date notifies that address; undefined where the key of the fleet is not known, without which nobody can tell. */
function isNotified(
  date: StoredDate | undefined,
  notify: string | undefined,
  fleet: KeyedFleet | undefined,
): boolean | undefined {
  if (date?.notify === undefined || notify === undefined) return date?.notify === notify;
  return fleet && openAddress(fleet.sealKey, date.notify) === notify;
}

/** A limit that is to be taken away is none from the beginning. */
function withoutNull(steering: object): NewDate['steering'] {
  const given = Object.entries(steering).filter(([, value]) => value !== null && value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** Writes what is to be written of a page, and tells of dates that somebody else has set at the same moment. */
async function written(
  { store, options, order }: Setting,
  fleet: KeyedFleet,
  page: readonly DateSetting[],
): Promise<DateSetting[]> {
  const wanted = page.filter(isToWrite);
  const stored = await store.write(wanted.map(({ date }) => date));
  const done = wanted.filter((_, at) => stored[at] !== undefined);
  await rememberGone(
    fleet,
    done.flatMap(({ before }) => (before === undefined ? [] : [before])),
  );
  const { by, reason } = { by: options.actor, reason: options.reason };
  const text = `${order.act} ${clockText(order.due, order.zone)}`;
  await Promise.all(
    done.map(({ domain, date }) =>
      noteHistory(fleet, domain, `date-${date.batch}-${date.act}`, {
        ...{ at: options.now, what: 'date', state: 'asked', fields: [text] },
        ...authorFields({ by, reason }),
      }).catch(() => undefined),
    ),
  );
  return page.map((row) => {
    if (!isToWrite(row) || done.includes(row)) return row;
    const { row: number, domain } = row;
    return {
      row: number,
      domain,
      verdict: 'other',
      why: 'somebody else has set its date at the same moment',
    };
  });
}

function isToWrite(setting: DateSetting): setting is Extract<DateSetting, { verdict: 'set' | 'replaced' }> {
  return setting.verdict === 'set' || setting.verdict === 'replaced';
}

/** An instance that is to be blocked for its date. */
type BlockTarget = Target & { readonly date: DateOfJob };

/** The instances of dates that are to be blocked now, as a batch; nobody is asked once more. @param name of the batch */
export function prepareBlocks(
  settings: readonly DateSetting[],
  name: string,
  reason: string | undefined,
): PreparedBatch {
  const blocked = settings.flatMap((setting): BlockTarget[] => {
    if (!('blocks' in setting) || !setting.blocks) return [];
    const { row, domain, date } = setting;
    return [{ row, domain, seen: date.instance, date: { id: date._id, batch: date.batch } }];
  });
  const targets: Targets<BlockTarget> = {
    name,
    described: 'to be blocked now',
    total: blocked.length,
    invalid: 0,
    passedOver: 0,
    filter: undefined,
    pages: () => chunks(blocked, 200),
    close: async () => undefined,
  };
  const changes = { blocked: true, ...(reason !== undefined && { blockingReason: reason }) };
  return preparedBatch({
    kind: 'modify',
    targets,
    workOf: ({ domain, seen, date }) => ({ kind: 'modify', domain, changes, date, ...(seen && { seen }) }),
  });
}
