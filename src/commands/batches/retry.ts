import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { batchArg } from '../../cli/batch/batch-id.ts';
import { type BatchSummary, batchSummary } from '../../cli/batch/batch-state.ts';
import { count } from '../../cli/batch/batch-texts.ts';
import { type RefusedRow, type RetriedBatch, retryBatch } from '../../cli/batch/retry-batch.ts';
import { watchBatch } from '../../cli/batch/watch-batch.ts';
import { waitFlags } from '../../cli/creation-flags.ts';
import { waitMs } from '../../cli/duration.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { startPatience } from '../../cli/patience.ts';
import { oneLine } from '../../cli/terminal-text.ts';
import { noteIdleWorkers } from '../../cli/worker-notice.ts';
import type { Fleet } from '../../jobs/fleet.ts';

interface RetryResult extends BatchSummary {
  readonly queuedAgain: number;
  readonly refused: readonly RefusedRow[];
}

export default class BatchesRetry extends BaseCommand {
  static override summary = 'Try the failed and the cancelled rows of a batch again';

  static override args = { batch: batchArg };

  static override flags = {
    watch: Flags.boolean({ summary: 'Follow the batch until its end' }),
    wait: { ...waitFlags.wait, dependsOn: ['watch'] },
  };

  async run(): Promise<RetryResult> {
    const { args, flags } = await this.parse(BatchesRetry);
    const config = this.loadConfig(flags.config);
    const wait = waitMs(flags.wait);
    const refused: RefusedRow[] = [];
    return await this.withFleet(config, async (fleet) => {
      const retried = await retryBatch(fleet, args.batch, (row) => {
        if (this.jsonEnabled()) refused.push(row);
        this.output.note(
          `line ${row.row}: ${oneLine(row.domain)}: not queued again: ${oneLine(row.message)}`,
        );
      });
      const { queued } = retried;
      this.log(`${count(queued)} queued again${refusedText(retried)}`);
      const summary = flags.watch
        ? await this.follow(fleet, args.batch, wait)
        : await this.leave(fleet, args.batch, retried);
      return { ...summary, queuedAgain: queued, refused };
    });
  }

  private async leave(fleet: Fleet, id: string, { queued, refused }: RetriedBatch): Promise<BatchSummary> {
    if (queued > 0) {
      await noteIdleWorkers(fleet, this.output);
      this.log(`Watch it: cozy-fleet batches watch ${id}`);
    }
    if (refused > 0) this.exitWith(queued === 0 ? EXIT.failed : EXIT.partlyFailed);
    return batchSummary(await fleet.batches.get(id));
  }

  private async follow(fleet: Fleet, id: string, wait: number | undefined): Promise<BatchSummary> {
    const patience = startPatience();
    patience.startClock(wait);
    try {
      const watching = { output: this.output, json: this.jsonEnabled(), patience };
      const { summary, exitCode } = await watchBatch(fleet, id, watching);
      this.exitWith(exitCode);
      return summary;
    } finally {
      patience.stop();
    }
  }
}

function refusedText({ refused }: RetriedBatch): string {
  return refused === 0 ? '' : `, ${count(refused)} refused`;
}
