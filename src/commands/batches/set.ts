import { BaseCommand } from '../../cli/base-command.ts';
import { steeringFacts } from '../../cli/batches/steering-texts.ts';
import { batchChoiceArg, batchChoiceFlags } from '../../cli/flags/batch-choice.ts';
import { readSteeringFlags, steeringFlags } from '../../cli/flags/steering-flags.ts';
import { InputError } from '../../errors.ts';
import { type BatchSummary, batchSummary } from '../../operations/batches/batch-state.ts';
import { chooseBatch } from '../../operations/batches/choose-batch.ts';
import { setBatch } from '../../operations/batches/steer-batch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { oneLine } from '../../safe-text.ts';

export default class BatchesSet extends BaseCommand {
  static override summary = 'Change how a batch is held back, while it runs';

  static override description =
    'What is not named stays. "none" takes a limit away, and --at now the time. Instances that run are not stopped.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> 7Q2K4 --concurrency 4 --rate 100/m',
    '<%= config.bin %> <%= command.id %> 7Q2K4 --between 22:00-06:00 --time-zone Europe/Paris',
    '<%= config.bin %> <%= command.id %> 7Q2K4 --between none --max-failures 5%',
  ];

  static override args = { batch: batchChoiceArg };

  static override flags = { ...batchChoiceFlags, ...steeringFlags({}) };

  async run(): Promise<BatchSummary> {
    const { args, flags } = await this.parse(BatchesSet);
    const input = readSteeringFlags(flags, true);
    if (Object.keys(input.steering).length === 0 && input.maxFailures === undefined) {
      throw new InputError(
        'bad_choice',
        'Say what is to be otherwise',
        {},
        'See: cozy-fleet batches set --help',
      );
    }
    const config = this.loadConfig(flags.config);
    return await withFleet(config, async (fleet) => {
      const { id } = await chooseBatch(fleet, args.batch, flags['use-most-recent']);
      const batch = await setBatch(fleet, id, input);
      const facts = steeringFacts(batch, Date.now());
      this.log(facts.length === 0 ? `Nothing limits batch ${batch.id}.` : `Batch ${batch.id}`);
      for (const [label, value] of facts) this.log(oneLine(`  ${label.padEnd(14)} ${value}`));
      return batchSummary(batch);
    });
  }
}
