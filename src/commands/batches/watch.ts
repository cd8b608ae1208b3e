import { BaseCommand } from '../../cli/base-command.ts';
import { batchArg } from '../../cli/batch/batch-id.ts';
import type { BatchSummary } from '../../cli/batch/batch-state.ts';
import { watchBatch } from '../../cli/batch/watch-batch.ts';
import { waitFlags } from '../../cli/creation-flags.ts';
import { waitMs } from '../../cli/duration.ts';
import { BATCH_EXIT_CODES } from '../../cli/exit-codes.ts';
import { startPatience } from '../../cli/patience.ts';

export default class BatchesWatch extends BaseCommand {
  static override summary = 'Follow a batch until its end';

  static override description = BATCH_EXIT_CODES;

  static override args = { batch: batchArg };

  static override flags = { wait: waitFlags.wait };

  async run(): Promise<BatchSummary> {
    const { args, flags } = await this.parse(BatchesWatch);
    const config = this.loadConfig(flags.config);
    const wait = waitMs(flags.wait);
    return await this.withFleet(config, async (fleet) => {
      const patience = startPatience();
      patience.startClock(wait);
      try {
        const watching = { output: this.output, json: this.jsonEnabled(), patience };
        const { summary, exitCode } = await watchBatch(fleet, args.batch, watching);
        this.exitWith(exitCode);
        return summary;
      } finally {
        patience.stop();
      }
    });
  }
}
