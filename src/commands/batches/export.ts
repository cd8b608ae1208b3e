import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { type ExportFormat, exportHead, exportLine } from '../../cli/batches/export-format.ts';
import { rowText } from '../../cli/terminal/input-printer.ts';
import { writeOutput } from '../../cli/terminal/output-file.ts';
import type { Config } from '../../config/config.ts';
import { InputError } from '../../errors.ts';
import type { ExportedRow } from '../../operations/batches/export-batch.ts';
import { exportBatch } from '../../operations/batches/export-batch.ts';
import { exportFile } from '../../operations/batches/export-file.ts';
import { checkCouch, openCouch, withCouch } from '../../operations/connect/couch.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { problemReports } from '../../operations/input/check-file.ts';
import { rulesOf } from '../../operations/input/check-rows.ts';
import { openInstanceFile } from '../../operations/input/row-file.ts';

interface Destination {
  readonly format: ExportFormat;
  /** Path of a file; absent or `-` for stdout. */
  readonly output: string | undefined;
}

export default class BatchesExport extends BaseCommand {
  static override summary = 'Write what became of each row, with its registration link';

  static override description =
    'The links are secrets: whoever has one becomes the owner. They are read from CouchDB now, and given for instances that the batch made. A file that a shell makes (>) may be readable for others, one of --output is not. With --from the rows of a file are looked up in CouchDB alone, for when Redis was lost.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> 7Q2K4 --output invitations.csv',
    '<%= config.bin %> <%= command.id %> --from school.csv --output invitations.csv',
  ];

  static override args = { batch: Args.string({ ignoreStdin: true, description: 'Id of the batch' }) };

  static override flags = {
    from: Flags.string({ summary: 'File that was submitted; - for stdin', helpValue: '<file>' }),
    output: Flags.string({
      summary: 'New file that only you may read; - for stdout [default: -]',
      helpValue: '<file>',
    }),
    format: Flags.option({
      summary: 'Form of the output',
      options: ['csv', 'ndjson'] as const,
      default: 'csv',
    })(),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(BatchesExport);
    if ((args.batch === undefined) === (flags.from === undefined)) {
      throw new InputError('bad_choice', 'Name either a batch, or with --from a file');
    }
    const config = this.loadConfig(flags.config);
    const format = this.jsonEnabled() ? 'ndjson' : flags.format;
    const to = { format, output: flags.output };
    if (flags.from !== undefined) await this.ofFile(config, flags.from, to);
    else await this.ofBatch(config, (args.batch ?? '').toUpperCase(), to);
  }

  private async ofBatch(config: Config, id: string, to: Destination): Promise<void> {
    await withCouch(config, ({ global }) =>
      withFleet(config, ({ batches }) =>
        write(exportBatch(batches, global, config.fleet.linkScheme, id), to),
      ),
    );
  }

  private async ofFile(config: Config, source: string, to: Destination): Promise<void> {
    const file = await openInstanceFile(source, process.stdin, { defaults: {}, rules: rulesOf(config) });
    const couch = openCouch(config);
    try {
      for (const server of couch.servers()) await checkCouch(server);
      const rows = exportFile(couch, file.rows(), config.fleet.linkScheme, (row) => {
        for (const problem of problemReports(file.name, row)) this.output.note(rowText(problem));
        this.endWith('usage');
      });
      await write(rows, to);
    } finally {
      await file.close();
      await couch.close();
    }
  }
}

async function write(rows: AsyncIterable<ExportedRow>, { format, output }: Destination): Promise<void> {
  await writeOutput(output, async (put) => {
    let head = exportHead(format);
    for await (const row of rows) {
      await put(head + exportLine(row, format));
      head = '';
    }
    await put(head);
  });
}
