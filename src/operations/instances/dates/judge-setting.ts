import { isDeepStrictEqual } from 'node:util';
import { defined } from '../../../defined.ts';
import { UNKNOWN_REASON } from '../../../instances/documents/apply-changes.ts';
import type { StoredInstance } from '../../../instances/documents/instance-document.ts';
import { instanceState } from '../../../instances/documents/instance-state.ts';
import { describeUnreadable, type ReadResult } from '../../../instances/lookup/classify-document.ts';
import type { InstanceFilter } from '../../../instances/lookup/instance-filter.ts';
import { clockText } from '../../../jobs/batches/hold-of.ts';
import {
  type DateBlock,
  dateId,
  dateState,
  isLift,
  type NewDate,
  ownReason,
  type StoredDate,
} from '../../../jobs/dates/date-document.ts';
import type { Target } from '../../targets/target.ts';
import type { DueTime } from './due-time.ts';

type OfAct<Act extends NewDate['act']> = Extract<NewDate, { act: Act }>;

/** What all dates of a command have in common, but for what they are for. */
type SharedFields = Pick<
  NewDate,
  | 'batch'
  | 'total'
  | 'confirmed'
  | 'name'
  | 'by'
  | 'reason'
  | 'tries'
  | 'steering'
  | 'maxFailures'
  | 'maxFailuresPercent'
  | 'notify'
>;

/** What is to be done at a date, and how. */
export type DateOrder = DueTime & {
  /** What is blocked now, and why; the reason is the stack's where none is given. Absent = nothing. */
  readonly block?: { readonly reason?: string | undefined } | undefined;
  /** Whether another date that is there already makes way. */
  readonly replace: boolean;
} & (
    | { readonly act: 'destroy'; readonly destruction: OfAct<'destroy'>['destruction'] }
    | { readonly act: 'unblock' }
  );

/** What is known of the instance of a row. */
export interface SettingFacts {
  /** Undefined where there is none. */
  readonly found: ReadResult | undefined;
  /** Its dates, for what is to be done and for the other act. */
  readonly same: StoredDate | 'unreadable' | undefined;
  readonly other: StoredDate | 'unreadable' | undefined;
  /** Whether a job of the first one has not ended, or is there again to be tried again. */
  readonly lives?: boolean | undefined;
  /** Whether that one notifies whom it is asked to; absent where nobody can tell. */
  readonly notifiesSame?: boolean | undefined;
}

/** What becomes of one row of a command that sets dates. */
export type SettingVerdict =
  /** `replaced`: another date makes way. `blocks`: the instance is to be blocked now. */
  | {
      readonly verdict: 'set' | 'replaced';
      readonly date: NewDate;
      readonly blocks: boolean;
      readonly before: StoredDate | undefined;
    }
  /** It is there already, as it was asked for. */
  | { readonly verdict: 'same'; readonly date: StoredDate; readonly blocks: boolean }
  /** Another date is there, which stays. */
  | { readonly verdict: 'other'; readonly why: string }
  | { readonly verdict: 'missing' }
  | { readonly verdict: 'refused'; readonly why: string };

/** Milliseconds between two dues of one duration that are taken for those of a command that was run again. */
const SAME_COMMAND_MS = 3_600_000;

/** Judges a row by what is there. Pure. @param now milliseconds since 1970 */
export function judgeSetting(
  order: DateOrder,
  shared: SharedFields,
  { row, domain, seen }: Target,
  filter: InstanceFilter | undefined,
  { found, same, other, lives, notifiesSame }: SettingFacts,
  now: number,
): SettingVerdict {
  if (found === undefined || seen === undefined) return { verdict: 'missing' };
  if (!found.readable) return { verdict: 'refused', why: describeUnreadable(found.unreadable) };
  if (same === 'unreadable' || other === 'unreadable') {
    return { verdict: 'other', why: 'it has a date of another version of cozy-fleet' };
  }
  const { instance } = found;
  const state = instanceState(instance);
  const resumes = order.act === 'destroy' && order.destruction.resume;
  if (state === 'provisioning' || (state === 'deleting' && !resumes)) {
    return { verdict: 'refused', why: state === 'deleting' ? 'it is being deleted' : 'it is being made' };
  }
  if (same !== undefined && isSame(order, filter, seen, same)) {
    const others = differences(shared, same, notifiesSame);
    if (others.length === 0) {
      const blocks = same.block?.ours === true && !isBlockSeen(same, instance);
      return { verdict: 'same', date: same, blocks };
    }
    if (!order.replace)
      return { verdict: 'other', why: `${describeDate(same)}; not as asked: ${others.join(', ')}` };
  }
  if (same !== undefined && !order.replace) return { verdict: 'other', why: describeDate(same) };
  if (same?.begun !== undefined && (same.ended === undefined || lives === true)) {
    return { verdict: 'other', why: `${describeDate(same)}, which is being carried out` };
  }
  const refusal = refusalOf(order, instance, same, other);
  if (refusal !== undefined) return { verdict: 'refused', why: refusal };
  const block = blockOf(order, instance, same);
  const date: NewDate = {
    ...defined({ _rev: same?._rev }),
    ...defined(shared),
    v: 1,
    domain,
    instance: seen,
    due: new Date(order.due).toISOString(),
    zone: order.zone,
    said: order.said,
    row,
    setAt: new Date(now).toISOString(),
    ...defined({ block }),
    ...actOf(order, seen.id, filter),
  };
  const blocks = block?.ours === true && block.reason === undefined;
  return { verdict: same === undefined ? 'set' : 'replaced', date, blocks, before: same };
}

function actOf(order: DateOrder, instanceId: string, filter: InstanceFilter | undefined) {
  const _id = dateId(order.act, instanceId);
  if (order.act === 'unblock') return { _id, act: order.act };
  return { _id, act: order.act, destruction: order.destruction, ...defined({ filter }) };
}

/** Whether a date is what a command asks for; a duration that was typed again a little later is the same. */
function isSame(
  order: DateOrder,
  filter: InstanceFilter | undefined,
  seen: NewDate['instance'],
  date: StoredDate,
): boolean {
  if (date.ended !== undefined || !isDeepStrictEqual(date.instance, seen)) return false;
  const apart = Math.abs(Date.parse(date.due) - order.due);
  const isDue =
    apart === 0 || (date.said === order.said && apart < SAME_COMMAND_MS && isDuration(order.said));
  if (!isDue || (date.block === undefined) !== (order.block === undefined)) return false;
  // What was blocked already says why somebody else has blocked it, whatever is typed here.
  const typed = order.block?.reason;
  const reason = ownReason(date);
  if (typed !== undefined && reason !== undefined && reason !== typed) return false;
  if (date.act !== 'destroy' || order.act !== 'destroy') return date.act === order.act;
  return isDeepStrictEqual(date.destruction, order.destruction) && isDeepStrictEqual(date.filter, filter);
}

/** By which flags a date that is the same otherwise would be carried out in another way, or told to somebody else. */
function differences(
  { steering, tries, maxFailures, maxFailuresPercent, confirmed, reason }: SharedFields,
  date: StoredDate,
  notifiesSame: boolean | undefined,
): string[] {
  const { window, rate, concurrency, canary } = steering ?? {};
  const before = date.steering ?? {};
  // By how many is not asked: rows may have come to the file since, which are dates of a batch of their own.
  const isConfirmed = confirmed === undefined || date.confirmed !== undefined;
  const limit = maxFailuresPercent ?? maxFailures;
  const limitBefore = date.maxFailuresPercent ?? date.maxFailures;
  const isLimit =
    limit === limitBefore && (maxFailuresPercent === undefined) === (date.maxFailuresPercent === undefined);
  const same: Readonly<Record<string, boolean>> = {
    '--between': isDeepStrictEqual(window, before.window),
    '--rate': rate === before.rate,
    '--concurrency': concurrency === before.concurrency,
    '--canary': canary === before.canary,
    '--tries': tries === date.tries,
    '--max-failures': isLimit,
    '--notify': notifiesSame !== false,
    '--however-many': isConfirmed,
    '--reason': reason === date.reason,
  };
  return Object.keys(same).filter((flag) => same[flag] === false);
}

function isDuration(said: string): boolean {
  return !said.includes('-');
}

function isBlockSeen({ block }: StoredDate, { blocked }: StoredInstance): boolean {
  return block?.reason !== undefined || blocked === true;
}

/** A block that is there already is somebody else's: it is not lifted for a date, but has to be there still when it is due. */
function blockOf(
  order: DateOrder,
  instance: StoredInstance,
  before: StoredDate | undefined,
): DateBlock | undefined {
  if (order.block === undefined) return undefined;
  // By the reason a block is known as ours, also where the worker that makes it dies: it is chosen before.
  if (instance.blocked !== true) return { ours: true, wanted: order.block.reason ?? UNKNOWN_REASON };
  const reason = instance.blocking_reason ?? '';
  return { ours: before !== undefined && ownReason(before) === reason, reason };
}

function refusalOf(
  order: DateOrder,
  instance: StoredInstance,
  same: StoredDate | undefined,
  other: StoredDate | undefined,
): string | undefined {
  const { blocked, blocking_reason: reason = '' } = instance;
  const isOurs = same !== undefined && ownReason(same) === reason;
  if (order.act === 'unblock' && blocked === true && !isOurs) {
    return `it is blocked already${reason === '' ? '' : ` (${reason})`}, and that block is not to be lifted by a date`;
  }
  if (
    order.act === 'destroy' &&
    order.block !== undefined &&
    other?.act === 'unblock' &&
    other.ended === undefined
  ) {
    return isLift(other)
      ? 'the block of a destruction that was taken back is being lifted: set the date once that is done'
      : `it has ${describeDate(other)}: take that back first`;
  }
  return undefined;
}

/** A date in words, such as `a date: destroy on 2027-01-31 22:00 Europe/Paris`. */
export function describeDate(date: StoredDate): string {
  const { act, due, zone, ended } = date;
  const end = dateState(date) === 'ended' ? `, not carried out: ${ended?.code}` : '';
  return `a date: ${act} on ${clockText(Date.parse(due), zone)}${end}`;
}
