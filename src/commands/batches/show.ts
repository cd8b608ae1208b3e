import { Flags } from '@oclif/core';
import { chunks } from '../../chunk.ts';
import { BaseCommand } from '../../cli/base-command.ts';
import { batchFacts } from '../../cli/batches/batch-texts.ts';
import { groupLines, waitLines } from '../../cli/batches/failure-lines.ts';
import { ROW_HEAD, rowCells } from '../../cli/batches/row-table.ts';
import { batchChoiceArg, batchChoiceFlags } from '../../cli/flags/batch-choice.ts';
import { rowsText } from '../../cli/terminal/table.ts';
import type { Row } from '../../jobs/batches/batches.ts';
import { ROW_STATES, type RowState } from '../../jobs/batches/row-state.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type BatchSummary, batchSummary } from '../../operations/batches/batch-state.ts';
import { chooseBatch } from '../../operations/batches/choose-batch.ts';
import {
  FAILURES,
  type FailureGroup,
  failureGroups,
  rowsByCode,
  type WaitingRows,
  waitingRows,
} from '../../operations/batches/failure-groups.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';

/** Rows that share the widths of a table. */
const PAGE = 500;

interface ShownBatch extends BatchSummary {
  /** Failed and incomplete rows by what went wrong. */
  readonly failures: Readonly<Record<string, number>>;
  /** What rows wait for that their workers have not. */
  readonly waits: readonly WaitingRows[];
  /** Only with `--failed` or `--state`. */
  readonly rows?: readonly Row[];
  /** Only with `--errors`. */
  readonly errors?: readonly FailureGroup[];
}

export default class BatchesShow extends BaseCommand {
  static override summary = 'Show a batch, and its rows';

  static override examples = [
    '<%= config.bin %> <%= command.id %> 7Q2K4 --failed',
    '<%= config.bin %> <%= command.id %> 7Q2K4 --errors',
  ];

  static override args = { batch: batchChoiceArg };

  static override flags = {
    ...batchChoiceFlags,
    failed: Flags.boolean({ summary: 'List the rows that failed or are incomplete', exclusive: ['state'] }),
    state: Flags.option({ summary: 'List the rows of this state', options: ROW_STATES })(),
    errors: Flags.boolean({
      summary: 'Count what went wrong by stage and cause, with an example each',
      exclusive: ['failed', 'state'],
    }),
  };

  async run(): Promise<ShownBatch> {
    const { args, flags } = await this.parse(BatchesShow);
    const config = this.loadConfig(flags.config);
    const states = flags.failed ? FAILURES : flags.state === undefined ? [] : [flags.state];
    return await withFleet(config, async (fleet) => {
      const batch = await chooseBatch(fleet, args.batch, flags['use-most-recent']);
      const errors = await failureGroups(fleet, batch.id);
      const failures = rowsByCode(errors);
      const waits = await waitingRows(fleet.batches, batch);
      for (const line of [...batchFacts(batch, failures), ...waits.flatMap(waitLines)]) this.log(line);
      const summary = { ...batchSummary(batch), failures: Object.fromEntries(failures), waits };
      if (flags.errors) {
        for (const line of errors.flatMap(groupLines)) this.log(line);
        return { ...summary, errors };
      }
      return states.length === 0 ? summary : { ...summary, rows: await this.list(fleet, batch.id, states) };
    });
  }

  private async list({ batches }: Fleet, id: string, states: readonly RowState[]): Promise<Row[]> {
    const kept: Row[] = [];
    this.log();
    for await (const page of chunks(batches.rows(id, ...states), PAGE)) {
      if (this.jsonEnabled()) kept.push(...page);
      else for (const line of rowsText(ROW_HEAD, page.map(rowCells), this.live)) this.log(line);
    }
    return kept;
  }
}
