import { type BatchSummary, batchSummary } from '../../operations/batches/batch-state.ts';
import type { BatchReporter, BatchResult, FollowedBatch } from '../../operations/batches/run-batch.ts';
import { count } from '../../quantity-text.ts';
import { type CommandResult, outcomeOfBatch } from '../terminal/exit-codes.ts';
import type { Output } from '../terminal/output.ts';
import { programName } from '../terminal/program-name.ts';
import { noteWorkers } from '../terminal/worker-notice.ts';
import { displayFor } from './batch-display.ts';
import { summaryLines } from './batch-texts.ts';

/** What a command that starts a batch answers with `--json`. */
export interface StartedBatch extends BatchSummary {
  readonly queued: number;
}

/** What a program is told where there is no instance to do anything with, and so no batch. */
export interface NothingQueued {
  readonly queued: 0;
}

/** Shows an operator what is reported of a batch. @param quiet whether its progress is not shown */
export function batchPrinter(
  output: Output,
  quiet: boolean,
  display = displayFor(output, quiet),
): BatchReporter {
  return (report) => {
    switch (report.event) {
      case 'made':
        return;
      case 'view':
        display.show(report.view);
        return;
      case 'last-view':
        display.end();
        return;
      case 'cut-short':
        display.end();
        output.note(
          `${count(report.queued)} of ${count(report.total)} queued; submit the same again to go on.`,
        );
        return;
      case 'workers':
        noteWorkers(report.workers, output);
        return;
      default:
        report satisfies never;
    }
  };
}

/** Says how a batch stands that was submitted. */
export function printBatchResult(result: BatchResult, output: Output): CommandResult<StartedBatch> {
  const { batch, queued, total } = result;
  const answer = { ...batchSummary(batch), queued };
  if (result.state === 'queued') {
    output.line(
      `Batch ${batch.id} is queued. Watch it: ${programName(process.env)} batches watch ${batch.id}`,
    );
    return { answer, outcome: 'done' };
  }
  const { outcome } = printFollowedBatch(result, output);
  // What was not queued does not go on without us.
  const isCutShort = result.endedBy === 'interrupt' && queued < total;
  return { answer, outcome: isCutShort ? 'interrupted' : outcome };
}

/** Says how a batch stands that was followed. */
export function printFollowedBatch(result: FollowedBatch, output: Output): CommandResult<BatchSummary> {
  for (const line of summaryLines(result.batch, programName(process.env))) output.line(line);
  return { answer: batchSummary(result.batch), outcome: outcomeOfBatch(result) };
}
