import type { Fleet } from '../../jobs/fleet.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import type { Patience } from '../patience.ts';
import { type BatchDisplay, displayFor } from './batch-display.ts';
import { type BatchSummary, batchExitCode, batchSummary } from './batch-state.ts';
import { summaryLines } from './batch-texts.ts';
import { createFollower, followBatch } from './follow-batch.ts';

export interface WatchBatchOptions {
  readonly output: Output;
  /** Whether `--json` was given. */
  readonly json: boolean;
  readonly patience: Patience;
  /** Of who showed the batch before, so that the block goes on where it is. */
  readonly display?: BatchDisplay;
}

/**
 * Shows a batch until its end, or until nobody waits any more, and sums it up.
 * @throws InputError `unknown_batch`
 */
export async function watchBatch(
  fleet: Fleet,
  id: string,
  { output, json, patience, display = displayFor(output, json) }: WatchBatchOptions,
): Promise<{ readonly summary: BatchSummary; readonly exitCode: ExitCode }> {
  const batch = await followBatch(createFollower(fleet, id, display), display, patience.signal);
  for (const line of summaryLines(batch)) output.line(line);
  return { summary: batchSummary(batch), exitCode: batchExitCode(batch, patience.gaveUp) };
}
