import { InputError } from '../../errors.ts';
import type { RowRequest } from '../../jobs/enqueue.ts';
import type { KeyedFleet } from '../../jobs/fleet.ts';
import type { JobKind } from '../../jobs/payload.ts';
import { openSubmission } from '../../jobs/submission.ts';
import type { Output } from '../output.ts';
import { submitter } from '../submitter.ts';
import type { BatchDisplay } from './batch-display.ts';
import { count } from './batch-texts.ts';
import type { FileCounts } from './check-file.ts';
import { enqueueChunks } from './enqueue-chunks.ts';
import { createFollower } from './follow-batch.ts';

/** Milliseconds between two pictures of a batch while it is queued. */
const SHOW_EVERY = 500;

/** @throws InputError `invalid_rows` when there are some and they are not to be left out, or no other */
export function refuseInvalidRows({ valid, invalid }: FileCounts, file: string, skip: boolean): void {
  if (invalid === 0 || (skip && valid > 0)) return;
  throw new InputError(
    'invalid_rows',
    `${count(invalid)} of ${count(valid + invalid)} rows are not good; nothing was queued`,
    { file },
    skip ? '' : 'Correct them, or go on without them: --skip-invalid.',
  );
}

/** What a batch is, before it has rows. */
export interface BatchFacts {
  readonly kind: JobKind;
  readonly name: string;
  readonly reason: string;
  readonly maxFailures: number | undefined;
}

export interface NewSubmission extends BatchFacts {
  readonly fleet: KeyedFleet;
  /** Rows that will be queued. */
  readonly total: number;
  readonly chunks: AsyncIterable<readonly RowRequest[]>;
  readonly display: BatchDisplay;
  readonly output: Output;
  readonly signal: AbortSignal;
}

export interface Submitted {
  readonly batchId: string;
  /** Rows that were queued; fewer than there are when it was cut short. */
  readonly queued: number;
}

/** Makes a batch and queues its rows. */
export async function submitBatch(submission: NewSubmission): Promise<Submitted> {
  const { fleet, kind, name, reason, maxFailures, total, chunks, display, output, signal } = submission;
  const by = submitter();
  const about = { kind, name, reason, by, total, maxFailures };
  const batchId = await fleet.batches.create(about);
  const open = await openSubmission(fleet, batchId, about);
  const follower = createFollower(fleet, batchId, display);
  let shownAt = performance.now();

  const queued = await enqueueChunks({
    fleet,
    batchId,
    chunks,
    signal,
    async onQueued(rows) {
      if (rows === total || performance.now() - shownAt < SHOW_EVERY) return;
      shownAt = performance.now();
      await follower.look();
    },
  }).finally(() => open.close());
  if (queued < total) {
    display.end();
    output.note(`${count(queued)} of ${count(total)} queued; submit the same again to go on.`);
  }
  return { batchId, queued };
}
