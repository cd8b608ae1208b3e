import { EXIT, type ExitCode } from '../exit-codes.ts';
import { startPatience } from '../patience.ts';
import { noteIdleWorkers } from '../worker-notice.ts';
import { displayFor } from './batch-display.ts';
import { type BatchSummary, batchSummary } from './batch-state.ts';
import { type NewSubmission, submitBatch } from './submit-batch.ts';
import { watchBatch } from './watch-batch.ts';

export interface BatchRun extends Omit<NewSubmission, 'display' | 'signal'> {
  /** Whether to leave once all rows are queued. */
  readonly async: boolean;
  /** Longest time to wait once all rows are queued, in milliseconds; undefined = without limit. */
  readonly wait: number | undefined;
  /** Whether `--json` was given. */
  readonly json: boolean;
}

/** What a command that starts a batch answers with `--json`. */
export interface StartedBatch extends BatchSummary {
  readonly queued: number;
}

/** Makes a batch, queues its rows, and shows it until its end or until nobody waits any more. */
export async function runBatch(
  run: BatchRun,
): Promise<{ readonly answer: StartedBatch; readonly exitCode: ExitCode }> {
  const { fleet, total, async, wait, json, output } = run;
  const patience = startPatience();
  const display = displayFor(output, async || json);
  try {
    const { batchId, queued } = await submitBatch({ ...run, display, signal: patience.signal });
    if (async && patience.gaveUp === undefined) {
      await noteIdleWorkers(fleet, output);
      output.line(`Batch ${batchId} is queued. Watch it: cozy-fleet batches watch ${batchId}`);
      return { answer: { ...batchSummary(await fleet.batches.get(batchId)), queued }, exitCode: EXIT.done };
    }
    patience.startClock(wait);
    const { summary, exitCode } = await watchBatch(fleet, batchId, { output, json, patience, display });
    const isCutShort = patience.gaveUp === 'interrupted' && queued < total;
    return { answer: { ...summary, queued }, exitCode: isCutShort ? EXIT.interrupted : exitCode };
  } finally {
    patience.stop();
  }
}
