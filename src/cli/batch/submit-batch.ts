import { basename } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { InputError } from '../../errors.ts';
import type { Fleet } from '../../jobs/fleet.ts';
import type { Output } from '../output.ts';
import { passphraseSealer } from '../passphrase-sealer.ts';
import { submitter } from '../submitter.ts';
import type { BatchDisplay } from './batch-display.ts';
import { count } from './batch-texts.ts';
import type { FileCounts } from './check-file.ts';
import { enqueueFile } from './enqueue-file.ts';
import { createFollower } from './follow-batch.ts';
import type { InstanceFile } from './instance-file.ts';

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

export interface NewSubmission {
  readonly config: Config;
  readonly global: CouchServer;
  readonly fleet: Fleet;
  readonly file: InstanceFile;
  readonly counts: FileCounts;
  /** Name of the batch; that of the file when it is not given. */
  readonly name: string | undefined;
  readonly reason: string;
  readonly maxFailures: number | undefined;
  readonly tries: number;
  readonly display: BatchDisplay;
  readonly output: Output;
  readonly signal: AbortSignal;
}

export interface Submitted {
  readonly batchId: string;
  /** Rows that were queued; fewer than were good when it was cut short. */
  readonly queued: number;
}

/** Makes a batch of a file that was checked and queues its good rows. */
export async function submitBatch(submission: NewSubmission): Promise<Submitted> {
  const { config, global, fleet, file, counts, display, output, signal } = submission;
  const { name = basename(file.name), reason, maxFailures, tries } = submission;
  const seal = counts.withPassphrase === 0 ? undefined : await passphraseSealer(config, fleet, global);
  const total = counts.valid;
  const by = submitter();
  const batchId = await fleet.batches.create({ kind: 'create', name, reason, by, total, maxFailures });
  const follower = createFollower(fleet, batchId, display);
  let shownAt = performance.now();

  const queued = await enqueueFile({
    fleet,
    batchId,
    file,
    tries,
    seal,
    signal,
    async onQueued(rows) {
      if (rows === total || performance.now() - shownAt < SHOW_EVERY) return;
      shownAt = performance.now();
      await follower.look();
    },
  });
  if (queued < total) {
    display.end();
    output.note(`${count(queued)} of ${count(total)} queued; submit the same file again to go on.`);
  }
  return { batchId, queued };
}
