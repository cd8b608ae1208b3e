import { BaseCommand } from '../../cli/base-command.ts';
import { batchChoiceArg, batchChoiceFlags } from '../../cli/flags/batch-choice.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { currentActor } from '../../cli/terminal/actor.ts';
import { programName } from '../../cli/terminal/program-name.ts';
import { clockText } from '../../jobs/batches/hold-of.ts';
import { type BatchSummary, batchSummary } from '../../operations/batches/batch-state.ts';
import { chooseBatch } from '../../operations/batches/choose-batch.ts';
import { pauseBatch } from '../../operations/batches/steer-batch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { count } from '../../quantity-text.ts';

export default class BatchesPause extends BaseCommand {
  static override summary = 'Begin no further instance of a batch until it is resumed';

  static override description = 'What runs goes on to its end. A batch that is paused already stays so.';

  static override examples = ['<%= config.bin %> <%= command.id %> 7Q2K4 --reason "backup is running"'];

  static override args = { batch: batchChoiceArg };

  static override flags = { ...batchChoiceFlags, reason: reasonFlag };

  async run(): Promise<BatchSummary> {
    const { args, flags } = await this.parse(BatchesPause);
    const config = this.loadConfig(flags.config);
    return await withFleet(config, async (fleet) => {
      const who = { by: currentActor(), reason: flags.reason ?? '' };
      const { id } = await chooseBatch(fleet, args.batch, flags['use-most-recent']);
      const { state, pause, batch } = await pauseBatch(fleet, id, who, Date.now());
      const { active, waiting, retrying } = batch.counts;
      const why = pause.reason === '' ? '' : `: ${pause.reason}`;
      this.log(
        state === 'paused'
          ? `Batch ${batch.id} is paused. ${rowsText(active)} on to the end, ${count(waiting + retrying)} wait.`
          : `Batch ${batch.id} was paused already, by ${pause.by} on ${clockText(pause.at)}${why}`,
      );
      this.log(`Go on with it:  ${programName(process.env)} batches resume ${batch.id}`);
      return batchSummary(batch);
    });
  }
}

function rowsText(active: number): string {
  return active === 1 ? '1 running row goes' : `${count(active)} running rows go`;
}
