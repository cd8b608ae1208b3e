import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { tableFlags } from '../../cli/flags/table-flags.ts';
import { arrangementOf } from '../../cli/terminal/arrangement.ts';
import { rowsText } from '../../cli/terminal/table.ts';
import type { Batch } from '../../jobs/batches/batches.ts';
import { type BatchSummary, batchState, batchSummary } from '../../operations/batches/batch-state.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';

const HEAD = [
  'BATCH',
  'STATE',
  'TOTAL',
  'DONE',
  'SKIPPED',
  'INCOMPLETE',
  'FAILED',
  'SUBMITTED',
  'BY',
  'NAME',
];

export default class BatchesLs extends BaseCommand {
  static override summary = 'List batches, newest first';

  static override examples = [
    '<%= config.bin %> <%= command.id %> --columns batch,failed,name --sort=-failed',
  ];

  static override aliases = ['batches:list'];

  static override flags = {
    limit: Flags.integer({ summary: 'Most batches to list, the newest', min: 1, default: 20 }),
    ...tableFlags(HEAD),
  };

  async run(): Promise<BatchSummary[]> {
    const { flags } = await this.parse(BatchesLs);
    const table = arrangementOf(HEAD, flags);
    const config = this.loadConfig(flags.config);
    return await withFleet(config, async ({ batches }) => {
      const found = table.sorted(await batches.list(flags.limit), cells);
      const rows = found.map((batch) => table.cut(cells(batch)));
      for (const line of rowsText(table.head, rows, this.live)) this.log(line);
      return found.map(batchSummary);
    });
  }
}

function cells(batch: Batch): string[] {
  const { id, total, counts, createdAt, by, name } = batch;
  const numbers = [total, counts.done, counts.skipped, counts.incomplete, counts.failed].map(String);
  return [id, batchState(batch), ...numbers, new Date(createdAt).toISOString(), by, name];
}
