import { UNKNOWN_REASON } from '../instances/documents/apply-changes.ts';
import type { StoredInstance } from '../instances/documents/instance-document.ts';
import { Refusal } from '../instances/errors.ts';
import { claimDate, type DatedJob, requireDate } from '../jobs/dates/claim-date.ts';
import type { StoredDate } from '../jobs/dates/date-document.ts';
import { createDateStore } from '../jobs/dates/date-store.ts';
import { refuseOtherBlock } from '../jobs/dates/judge-date.ts';
import type { ModifyPayload } from '../jobs/kinds/modify.ts';

/** What a date asks of the change of its instance: one that blocks for it, or the one that it is for. */
export interface DatedModification {
  /** Whether the date is there; else nothing is changed but a block of an earlier attempt, see `undo`. */
  readonly isThere: boolean;
  /** Asked of each reading, right before it is changed; throws a Refusal to leave the instance alone. */
  refuse(now: StoredInstance): void;
  /** Told what is stored once it was changed. @returns whether that is what the date is to be about */
  written(now: StoredInstance): Promise<boolean>;
  /** Asked of each reading before the block is lifted of a date that is gone; throws a Refusal where it is not ours. */
  refuseUndo(now: StoredInstance): void;
}

/**
 * The part of a date in a change of its instance.
 * @param begun whether an earlier attempt may have changed it already
 * @throws Refusal `date_gone`, and those of `refuseDue`
 */
export async function datedModification(
  job: DatedJob,
  { changes }: Pick<ModifyPayload, 'changes'>,
  instance: StoredInstance,
  begun: boolean,
): Promise<DatedModification> {
  if (changes.blocked !== true) return unblockBy(await claimDate(job, instance));
  return await blockFor(job, changes.blockingReason || UNKNOWN_REASON, begun);
}

/** Lifts no block but the one that was made for the date. */
function unblockBy(date: StoredDate): DatedModification {
  return {
    isThere: true,
    refuse: (now) => refuseOtherBlock(date, now),
    written: async () => true,
    refuseUndo: () => undefined,
  };
}

/**
 * Blocks for a date, and writes into it that this was seen to be done, and with which reason.
 * @param reason which the instance is to say then
 */
async function blockFor(job: DatedJob, reason: string, begun: boolean): Promise<DatedModification> {
  const store = createDateStore(job.global);
  const known = await unlessGone(requireDate(store, job), begun);
  const mayBeOurs = begun || known?.block?.reason !== undefined;
  return {
    isThere: known !== undefined,
    refuse(now) {
      if (now.blocked !== true || (mayBeOurs && (now.blocking_reason ?? '') === reason)) return;
      throw new Refusal(
        'changed',
        `${now.domain} was blocked by somebody else since its date was set`,
        'That block stays as it is. Take the date back, or set it again: cozy-fleet dates ls.',
      );
    },
    async written(now) {
      for (;;) {
        job.signal.throwIfAborted();
        const found = await store.get(job.date.id, job.signal);
        // Taken back while it was being blocked: nobody would lift the block.
        if (found === undefined || found === 'unreadable' || found.batch !== job.date.batch) return false;
        const block = { ours: true, reason: now.blocking_reason ?? '' };
        if (found.block?.reason === block.reason) return true;
        const [noted] = await store.write([{ ...found, block }], job.signal);
        if (noted !== undefined) return true;
      }
    },
    refuseUndo: (now) => refuseOtherBlock({ domain: now.domain, block: { ours: true, reason } }, now),
  };
}

/** @returns undefined where the date is gone, and an earlier attempt may have blocked for it already */
async function unlessGone(finding: Promise<StoredDate>, begun: boolean): Promise<StoredDate | undefined> {
  try {
    return await finding;
  } catch (error) {
    if (begun && error instanceof Refusal && error.code === 'date_gone') return undefined;
    throw error;
  }
}
