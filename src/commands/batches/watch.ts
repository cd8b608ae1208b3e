import { ux } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { snapshotDisplay } from '../../cli/batches/batch-display.ts';
import { batchPrinter, printFollowedBatch } from '../../cli/batches/print-batch.ts';
import { batchChoiceArg, batchChoiceFlags } from '../../cli/flags/batch-choice.ts';
import { waitFlags } from '../../cli/flags/creation-flags.ts';
import { waitMs } from '../../cli/flags/duration.ts';
import { BATCH_EXIT_CODES } from '../../cli/terminal/exit-codes.ts';
import { withInterrupt } from '../../cli/terminal/interrupt.ts';
import type { BatchSummary } from '../../operations/batches/batch-state.ts';
import { chooseBatch } from '../../operations/batches/choose-batch.ts';
import { type BatchReporter, watchBatch } from '../../operations/batches/run-batch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { safeJson } from '../../safe-text.ts';

export default class BatchesWatch extends BaseCommand {
  static override summary = 'Follow a batch until its end';

  static override description =
    `With --json, a line with a snapshot for each change, and as the last one how it ended. ${BATCH_EXIT_CODES}`;

  static override args = { batch: batchChoiceArg };

  static override flags = { ...batchChoiceFlags, wait: waitFlags.wait };

  /** On one line, as snapshots are. */
  override logJson(json: unknown): void {
    ux.stdout(safeJson(JSON.stringify(json)));
  }

  async run(): Promise<BatchSummary> {
    const { args, flags } = await this.parse(BatchesWatch);
    const config = this.loadConfig(flags.config);
    const wait = waitMs(flags.wait);
    const result = await withFleet(config, async (fleet) => {
      const { id } = await chooseBatch(fleet, args.batch, flags['use-most-recent']);
      return await withInterrupt((signal) => watchBatch(fleet, id, { signal, waitMs: wait }, this.printer()));
    });
    const { answer, outcome } = printFollowedBatch(result, this.output);
    this.endWith(outcome);
    return answer;
  }

  private printer(): BatchReporter {
    if (!this.jsonEnabled()) return batchPrinter(this.output, false);
    return batchPrinter(
      this.output,
      true,
      snapshotDisplay((snapshot) => this.logJson(snapshot)),
    );
  }
}
