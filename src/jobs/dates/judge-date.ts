import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import {
  describeFilter,
  documentPart,
  type InstanceFilter,
  isEmptyFilter,
  matchesDocument,
} from '../../instances/lookup/instance-filter.ts';
import type { JobSpec } from '../kinds/payload.ts';
import { type NewDate, ownReason } from './date-document.ts';

// What is asked of an instance when its date is due, and once more by the worker that is about to begin: pure.

/**
 * Refuses what its operator would not have meant: another life of the domain, an instance that does not meet the filter
 * any more, and one whose block somebody has lifted. An instance that was renamed is unblocked all the same, for the block
 * is ours; it is not destroyed under another name than the one that was read. An alias more or less changes nothing.
 * @throws Refusal `superseded`, `changed`, `unblocked`
 */
export function refuseDue(date: NewDate, instance: StoredInstance): void {
  const { domain } = date;
  if (incarnationOf(instance) !== date.instance.incarnation) {
    throw new Refusal('superseded', `${domain} is another instance by now than the one whose date was set`);
  }
  if (date.act === 'unblock') {
    refuseOtherBlock(date, instance);
    return;
  }
  if (instance.domain !== domain) {
    throw new Refusal(
      'changed',
      `${domain} was renamed to ${instance.domain} since its date was set`,
      'If it is still to go, set a date for it under its name of today.',
    );
  }
  refuseUnblocked(date, instance);
  const filter = filterOfJob(date);
  // Once it is flagged, its state is another one than the operator saw.
  const asked = instance.deleting === true ? withoutStates(filter) : filter;
  if (asked !== undefined && !matchesDocument(documentPart(asked), instance)) {
    throw new Refusal('changed', `${domain} has changed: it is not ${describeFilter(asked)} any more`);
  }
}

/** @throws Refusal `unblocked` where it was blocked when the date was set, or for it, and is not any more in that way */
function refuseUnblocked({ domain, block }: NewDate, instance: StoredInstance): void {
  if (block === undefined) return;
  if (block.reason === undefined) {
    throw new Refusal(
      'unblocked',
      `${domain} was never seen blocked for its date`,
      'See why: cozy-fleet instances history. Then set its date again.',
    );
  }
  if (instance.blocked === true && (instance.blocking_reason ?? '') === block.reason) return;
  throw new Refusal(
    'unblocked',
    instance.blocked === true
      ? `${domain} is blocked for another reason by now than for its date`
      : `${domain} is not blocked any more: somebody has taken its end back`,
    'If it is still to go, set its date again.',
  );
}

/**
 * What is not blocked any more needs no unblocking, and is no refusal.
 * @throws Refusal `changed` where somebody else has blocked it since, or the block was never ours
 */
export function refuseOtherBlock(
  { domain, block }: Pick<NewDate, 'domain' | 'block'>,
  instance: StoredInstance,
): void {
  if (instance.blocked !== true) return;
  if (ownReason({ block }) === (instance.blocking_reason ?? '')) return;
  throw new Refusal(
    'changed',
    `${domain} is blocked by somebody else by now: that block stays`,
    'To lift it all the same: cozy-fleet instances modify --blocked=false.',
  );
}

/** What the job of a date is to do to an instance that {@link refuseDue} lets pass. */
export function workOfDate(date: NewDate, { domain }: Pick<StoredInstance, 'domain'>): JobSpec {
  const about = { domain, seen: date.instance, date: { id: date._id, batch: date.batch } };
  if (date.act === 'unblock') return { kind: 'modify', ...about, changes: { blocked: false } };
  const filter = filterOfJob(date);
  return { kind: 'destroy', ...about, ...date.destruction, ...(filter && { filter }) };
}

/** Blocked for its date, an instance is in another state than the operator saw. */
function filterOfJob(date: Extract<NewDate, { act: 'destroy' }>): InstanceFilter | undefined {
  return date.block?.ours === true ? withoutStates(date.filter) : date.filter;
}

function withoutStates(filter: InstanceFilter | undefined): InstanceFilter | undefined {
  if (filter === undefined) return undefined;
  const { states: _seen, ...others } = filter;
  return isEmptyFilter(others) ? undefined : others;
}
