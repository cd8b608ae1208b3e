import { BaseCommand } from '../../cli/base-command.ts';
import { batchChoiceArg, batchChoiceFlags } from '../../cli/flags/batch-choice.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { type CancelledBatch, cancelBatch } from '../../operations/batches/cancel-batch.ts';
import { chooseBatch } from '../../operations/batches/choose-batch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { count } from '../../quantity-text.ts';

export default class BatchesCancel extends BaseCommand {
  static override summary = 'Stop a batch';

  static override description =
    'Instances that were made stay. What runs stops at its next safe point, what waits is passed over.';

  static override args = { batch: batchChoiceArg };

  static override flags = { ...batchChoiceFlags, reason: reasonFlag };

  async run(): Promise<CancelledBatch & { readonly batch: string }> {
    const { args, flags } = await this.parse(BatchesCancel);
    const config = this.loadConfig(flags.config);
    return await withFleet(config, async (fleet) => {
      const { id } = await chooseBatch(fleet, args.batch, flags['use-most-recent']);
      const cancelled = await cancelBatch(fleet, id, currentAuthor(flags.reason));
      const { stopped, passedOver } = cancelled;
      this.log(`Batch ${id} is stopped: ${count(stopped)} running rows stop at their next safe point,`);
      this.log(`${count(passedOver)} waiting rows are passed over as their turn comes.`);
      this.log(`Go on with it later: cozy-fleet batches retry ${id}`);
      return { batch: id, ...cancelled };
    });
  }
}
