import { BaseCommand } from '../../cli/base-command.ts';
import { batchArg } from '../../cli/batch/batch-id.ts';
import { count } from '../../cli/batch/batch-texts.ts';
import { type CancelledBatch, cancelBatch } from '../../cli/batch/cancel-batch.ts';
import { submitter } from '../../cli/submitter.ts';

export default class BatchesCancel extends BaseCommand {
  static override summary = 'Stop a batch';

  static override description =
    'Instances that were made stay. What runs stops at its next safe point, what waits is passed over.';

  static override args = { batch: batchArg };

  async run(): Promise<CancelledBatch & { readonly batch: string }> {
    const { args, flags } = await this.parse(BatchesCancel);
    const config = this.loadConfig(flags.config);
    return await this.withFleet(config, async (fleet) => {
      const cancelled = await cancelBatch(fleet, args.batch, submitter());
      const { stopped, passedOver } = cancelled;
      this.log(
        `Batch ${args.batch} is stopped: ${count(stopped)} running rows stop at their next safe point,`,
      );
      this.log(`${count(passedOver)} waiting rows are passed over as their turn comes.`);
      this.log(`Go on with it later: cozy-fleet batches retry ${args.batch}`);
      return { batch: args.batch, ...cancelled };
    });
  }
}
