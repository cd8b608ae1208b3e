import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { batchPrinter, printFollowedBatch } from '../../cli/batches/print-batch.ts';
import { batchArg } from '../../cli/flags/args.ts';
import { waitFlags } from '../../cli/flags/creation-flags.ts';
import { waitMs } from '../../cli/flags/duration.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { withInterrupt } from '../../cli/terminal/interrupt.ts';
import { noteWorkers } from '../../cli/terminal/worker-notice.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type BatchSummary, batchSummary } from '../../operations/batches/batch-state.ts';
import { type RefusedRow, type RetriedBatch, retryBatch } from '../../operations/batches/retry-batch.ts';
import { watchBatch } from '../../operations/batches/run-batch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { reportWorkers } from '../../operations/jobs/job-report.ts';
import { count } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';

interface RetryResult extends BatchSummary {
  readonly queuedAgain: number;
  readonly refused: readonly RefusedRow[];
}

export default class BatchesRetry extends BaseCommand {
  static override summary = 'Try the failed and the cancelled rows of a batch again';

  static override args = { batch: batchArg };

  static override flags = {
    reason: reasonFlag,
    watch: Flags.boolean({ summary: 'Follow the batch until its end' }),
    wait: { ...waitFlags.wait, dependsOn: ['watch'] },
  };

  async run(): Promise<RetryResult> {
    const { args, flags } = await this.parse(BatchesRetry);
    const config = this.loadConfig(flags.config);
    const wait = waitMs(flags.wait);
    const refused: RefusedRow[] = [];
    return await withFleet(config, async (fleet) => {
      const retried = await retryBatch(fleet, args.batch, currentAuthor(flags.reason), (row) => {
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
      await reportWorkers(fleet, ({ workers }) => noteWorkers(workers, this.output));
      this.log(`Watch it: cozy-fleet batches watch ${id}`);
    }
    if (refused > 0) this.endWith(queued === 0 ? 'failed' : 'partlyFailed');
    return batchSummary(await fleet.batches.get(id));
  }

  private async follow(fleet: Fleet, id: string, wait: number | undefined): Promise<BatchSummary> {
    const result = await withInterrupt((signal) =>
      watchBatch(fleet, id, { signal, waitMs: wait }, batchPrinter(this.output, this.jsonEnabled())),
    );
    const { answer, outcome } = printFollowedBatch(result, this.output);
    this.endWith(outcome);
    return answer;
  }
}

function refusedText({ refused }: RetriedBatch): string {
  return refused === 0 ? '' : `, ${count(refused)} refused`;
}
