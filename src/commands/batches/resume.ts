import { BaseCommand } from '../../cli/base-command.ts';
import { batchChoiceArg, batchChoiceFlags } from '../../cli/flags/batch-choice.ts';
import { holdLines } from '../../cli/terminal/hold-lines.ts';
import { programName } from '../../cli/terminal/program-name.ts';
import { holdsOf } from '../../jobs/batches/hold-of.ts';
import { type BatchSummary, batchSummary } from '../../operations/batches/batch-state.ts';
import { chooseBatch } from '../../operations/batches/choose-batch.ts';
import { type Lifted, resumeBatch } from '../../operations/batches/steer-batch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';

/** What was lifted, and how the batch stands by now. */
interface ResumedSummary extends BatchSummary {
  readonly lifted: readonly Lifted[];
}

export default class BatchesResume extends BaseCommand {
  static override summary = 'Have a batch go on that was paused, or waits after its canary';

  static override args = { batch: batchChoiceArg };

  static override flags = batchChoiceFlags;

  async run(): Promise<ResumedSummary> {
    const { args, flags } = await this.parse(BatchesResume);
    const config = this.loadConfig(flags.config);
    return await withFleet(config, async (fleet) => {
      const { id } = await chooseBatch(fleet, args.batch, flags['use-most-recent']);
      const { lifted, before, batch } = await resumeBatch(fleet, id);
      const { canary, canaryEnded } = before.steering;
      const program = programName(process.env);
      if (lifted.length === 0) {
        this.log(`Batch ${batch.id} is not paused, and does not wait after a canary.`);
      }
      for (const each of lifted) {
        this.log(
          each === 'pause'
            ? `Batch ${batch.id} is paused no more.`
            : `The rows after the canary of batch ${batch.id} go on; ${canaryEnded} of ${canary ?? 0} had ended.`,
        );
      }
      for (const line of holdLines(holdsOf(batch, Date.now()), batch.id, program)) this.log(line);
      this.log(`Watch it:  ${program} batches watch ${batch.id}`);
      return { ...batchSummary(batch), lifted };
    });
  }
}
