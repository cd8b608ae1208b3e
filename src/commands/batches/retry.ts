import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { batchPrinter, printFollowedBatch } from '../../cli/batches/print-batch.ts';
import { ROW_HEAD, rowCells } from '../../cli/batches/row-table.ts';
import { batchChoiceArg, batchChoiceFlags } from '../../cli/flags/batch-choice.ts';
import { waitFlags } from '../../cli/flags/creation-flags.ts';
import { waitMs } from '../../cli/flags/duration.ts';
import { causeFlags, causesOf } from '../../cli/flags/job-filter-flags.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { askForYes } from '../../cli/terminal/confirm.ts';
import { holdLines } from '../../cli/terminal/hold-lines.ts';
import { withInterrupt } from '../../cli/terminal/interrupt.ts';
import { rowsText } from '../../cli/terminal/table.ts';
import { noteWorkers } from '../../cli/terminal/worker-notice.ts';
import type { Config } from '../../config/config.ts';
import type { Row } from '../../jobs/batches/batches.ts';
import { holdsOf } from '../../jobs/batches/hold-of.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { stageLabel } from '../../jobs/kinds/job-kinds.ts';
import { withNewSkeleton } from '../../jobs/queue/new-skeleton.ts';
import type { RetryChange } from '../../jobs/queue/retry-job.ts';
import { type BatchSummary, batchSummary } from '../../operations/batches/batch-state.ts';
import { chooseBatch } from '../../operations/batches/choose-batch.ts';
import {
  previewRetry,
  type RefusedRow,
  type RetriedBatch,
  type RetriedCauses,
  type RetryCount,
  type RetryPreview,
  retryBatch,
} from '../../operations/batches/retry-batch.ts';
import { watchBatch } from '../../operations/batches/run-batch.ts';
import { withCouchAndFleet, withFleet } from '../../operations/connect/with-fleet.ts';
import { readCreationRules } from '../../operations/input/read-creation-rules.ts';
import { reportWorkers } from '../../operations/jobs/job-report.ts';
import { count } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';

interface RetryResult extends BatchSummary {
  readonly queuedAgain: number;
  readonly refused: readonly RefusedRow[];
}

interface DryRun extends BatchSummary {
  /** Rows that would be queued again. */
  readonly wouldQueue: number;
  readonly causes: readonly RetryCount[];
  /** The first of them. */
  readonly rows: readonly Row[];
}

export default class BatchesRetry extends BaseCommand {
  static override summary = 'Try the failed and the cancelled rows of a batch again';

  static override description =
    'With --stage or --error only rows that stopped there, or so; asks on a terminal then. With --skeleton creations that were ordered with first files get those of the directory as it is now; those that have some of the earlier ones already are refused. With --dry-run the exit code is 10 where there are such rows, 0 where there are none.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> 7Q2K4',
    '<%= config.bin %> <%= command.id %> 7Q2K4 --stage apps --error app_unreachable',
    '<%= config.bin %> <%= command.id %> 7Q2K4 --error skeleton --skeleton /srv/cozy/welcome',
  ];

  static override args = { batch: batchChoiceArg };

  static override flags = {
    ...batchChoiceFlags,
    ...causeFlags,
    'dry-run': Flags.boolean({ summary: 'Only count and show them', default: false }),
    skeleton: Flags.string({
      summary: 'Give new instances the first files of this directory as it is now, where some were ordered',
      helpValue: '<directory>',
    }),
    force: Flags.boolean({ summary: 'Do not ask', default: false }),
    reason: reasonFlag,
    watch: Flags.boolean({ summary: 'Follow the batch until its end' }),
    wait: { ...waitFlags.wait, dependsOn: ['watch'] },
  };

  async run(): Promise<RetryResult | DryRun> {
    const { args, flags } = await this.parse(BatchesRetry);
    const config = this.loadConfig(flags.config);
    const wait = waitMs(flags.wait);
    const causes = causesOf(flags);
    return await this.withChange(config, flags.skeleton, async (fleet, change) => {
      const { id } = await chooseBatch(fleet, args.batch, flags['use-most-recent']);
      if (flags['dry-run']) return await this.preview(fleet, id, causes, flags.skeleton !== undefined);
      await this.ask(config, fleet, id, { causes, force: flags.force });
      const refused: RefusedRow[] = [];
      const onRefused = (row: RefusedRow) => {
        if (this.jsonEnabled()) refused.push(row);
        this.output.note(
          `line ${row.row}: ${oneLine(row.domain)}: not queued again: ${oneLine(row.message)}`,
        );
      };
      const retried = await retryBatch(fleet, id, currentAuthor(flags.reason), onRefused, causes, change);
      const { queued, changed } = retried;
      this.log(`${count(queued)} queued again${refusedText(retried)}`);
      if (flags.skeleton !== undefined && changed > 0) {
        const directory = oneLine(resolve(flags.skeleton));
        this.log(`${count(changed)} of them with the first files of ${directory}, as it is now.`);
      }
      const summary = flags.watch ? await this.follow(fleet, id, wait) : await this.leave(fleet, id, retried);
      return { ...summary, queuedAgain: queued, refused };
    });
  }

  /** @param skeleton directory, as typed */
  private async withChange<T>(
    config: Config,
    skeleton: string | undefined,
    work: (fleet: Fleet, change: RetryChange | undefined) => Promise<T>,
  ): Promise<T> {
    if (skeleton === undefined) return await withFleet(config, (fleet) => work(fleet, undefined));
    const { rules } = await readCreationRules(config, skeleton);
    return await withCouchAndFleet(config, (_, fleet) =>
      work(fleet, rules.skeleton && withNewSkeleton(fleet.signer, rules.skeleton, config.fleet.skeleton)),
    );
  }

  private async preview(
    fleet: Fleet,
    id: string,
    causes: RetriedCauses,
    isRenewed: boolean,
  ): Promise<DryRun> {
    const preview = await previewRetry(fleet, id, causes);
    const { total, counts, rows } = preview;
    for (const line of previewLines(preview)) this.log(line);
    if (isRenewed && total > 0) this.log('Those that have some of the earlier first files would be refused.');
    for (const line of rowsText(ROW_HEAD, rows.map(rowCells), this.live)) this.log(line);
    if (total > rows.length) this.log(`and ${count(total - rows.length)} more`);
    if (total > 0) this.endWith('somethingToDo');
    const summary = batchSummary(await fleet.batches.get(id));
    return { ...summary, wouldQueue: total, causes: counts, rows };
  }

  /** Whoever tries only some again wants to know how many: a code may mean more rows than they thought. */
  private async ask(
    config: Config,
    fleet: Fleet,
    id: string,
    { causes, force }: { readonly causes: RetriedCauses; readonly force: boolean },
  ): Promise<void> {
    const isFiltered = causes.stages.length > 0 || causes.codes.length > 0;
    if (!isFiltered || force || !process.stdin.isTTY) return;
    const preview = await previewRetry(fleet, id, causes);
    if (preview.total === 0) return;
    const { stdin } = process;
    const prompt = { config, stdin, output: this.output, json: this.jsonEnabled() };
    await askForYes(prompt, preview.total, [...previewLines(preview), `Try them again in batch ${id}?`]);
  }

  private async leave(fleet: Fleet, id: string, { queued, refused }: RetriedBatch): Promise<BatchSummary> {
    if (queued > 0) {
      await reportWorkers(fleet, ({ workers }) => noteWorkers(workers, this.output));
    }
    const batch = await fleet.batches.get(id);
    if (queued > 0) {
      // A canary or a pause outlives a cancellation: rows that are queued again wait for what they waited for before.
      for (const line of holdLines(holdsOf(batch, Date.now()), id)) this.log(line);
      this.log(`Watch it: cozy-fleet batches watch ${id}`);
    }
    if (refused > 0) this.endWith(queued === 0 ? 'failed' : 'partlyFailed');
    return batchSummary(batch);
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

function previewLines({ total, counts }: RetryPreview): string[] {
  const causes = counts.map(
    ({ state, stage, code, rows }) =>
      `  ${count(rows)} ${state}${stage === '' ? '' : ` at ${stageLabel(stage)}`}: ${code}`,
  );
  return [`${count(total)} row${total === 1 ? '' : 's'} would be queued again`, ...causes.map(oneLine)];
}

function refusedText({ refused }: RetriedBatch): string {
  return refused === 0 ? '' : `, ${count(refused)} refused`;
}
