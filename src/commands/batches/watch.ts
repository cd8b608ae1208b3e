import { BaseCommand } from '../../cli/base-command.ts';
import { batchPrinter, printFollowedBatch } from '../../cli/batches/print-batch.ts';
import { batchArg } from '../../cli/flags/args.ts';
import { waitFlags } from '../../cli/flags/creation-flags.ts';
import { waitMs } from '../../cli/flags/duration.ts';
import { BATCH_EXIT_CODES } from '../../cli/terminal/exit-codes.ts';
import { withInterrupt } from '../../cli/terminal/interrupt.ts';
import type { BatchSummary } from '../../operations/batches/batch-state.ts';
import { watchBatch } from '../../operations/batches/run-batch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';

export default class BatchesWatch extends BaseCommand {
  static override summary = 'Follow a batch until its end';

  static override description = BATCH_EXIT_CODES;

  static override args = { batch: batchArg };

  static override flags = { wait: waitFlags.wait };

  async run(): Promise<BatchSummary> {
    const { args, flags } = await this.parse(BatchesWatch);
    const config = this.loadConfig(flags.config);
    const wait = waitMs(flags.wait);
    const result = await withFleet(config, (fleet) =>
      withInterrupt((signal) =>
        watchBatch(
          fleet,
          args.batch,
          { signal, waitMs: wait },
          batchPrinter(this.output, this.jsonEnabled()),
        ),
      ),
    );
    const { answer, outcome } = printFollowedBatch(result, this.output);
    this.endWith(outcome);
    return answer;
  }
}
