import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { filterFlags, filterOf } from '../cli/flags/filter-flags.ts';
import { passedOverPrinter } from '../cli/instances/passed-over-printer.ts';
import { writeOutput } from '../cli/terminal/output-file.ts';
import { withCouch } from '../operations/connect/couch.ts';
import { listEndLine, listFilterOf } from '../operations/input/list-end.ts';
import { rulesOf } from '../operations/input/rules-of.ts';
import { csvLine } from '../operations/input/write-csv.ts';
import { type ExportReport, exportList } from '../operations/instances/lists/export-list.ts';
import { sequenceOfInstances } from '../operations/instances/lists/instance-changes.ts';
import { LIST_COLUMNS, type ListedCells } from '../operations/instances/lists/listed-cells.ts';
import { safeJson } from '../safe-text.ts';

export default class Export extends BaseCommand {
  static override summary = 'Write the list of the instances as they are, for apply';

  static override description =
    'Applied at once, it has nothing to do. Its last line says how many rows it has, when it was begun, and up to which change it knows the instances: whoever takes rows away corrects the number. What changes later is not removed by --prune for not being on it. Instances that are being made, deleted or moved, those whose names are shared, and documents that cannot be read are named and not on it: --prune is refused by a list that left out what may be in use later. With filters it says in its last line of which instances it is. It holds no passphrases and no registration links.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> --as-list --output fleet.csv',
    '<%= config.bin %> <%= command.id %> --as-list --context school --format ndjson',
  ];

  static override flags = {
    'as-list': Flags.boolean({ summary: 'As a list for apply', required: true }),
    output: Flags.string({
      summary: 'New file that only you may read; - for stdout [default: -]',
      helpValue: '<file>',
    }),
    format: Flags.option({
      summary: 'Form of the list',
      options: ['csv', 'ndjson'] as const,
      default: 'csv',
    })(),
    ...filterFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Export);
    const config = this.loadConfig(flags.config);
    const filter = filterOf(flags);
    const format = this.jsonEnabled() ? 'ndjson' : flags.format;
    let isAll = true;
    let leftOut = 0;
    const report = (told: ExportReport): void => {
      isAll = false;
      if (told.event === 'left-out' && told.mayBeUsed) leftOut += 1;
      this.output.note(reportText(told));
    };
    const passedOver = passedOverPrinter(this.output, true);
    await withCouch(config, async ({ global, cluster }) => {
      // What is made or changed from here on may be missing, so that this comes before anything is read.
      const at = Date.now();
      const since = await sequenceOfInstances(global);
      const services = { global, cluster, rules: rulesOf(config), passedOver, report };
      await writeOutput(flags.output, async (write) => {
        if (format === 'csv') await write(csvLine([...LIST_COLUMNS]));
        let rows = 0;
        for await (const row of exportList(services, filter)) {
          await write(format === 'csv' ? csvRow(row) : jsonRow(row));
          rows += 1;
        }
        // What cannot be read or measured may be put right, and in use, by the time the list is applied.
        const without = leftOut + passedOver.faults;
        const of = listFilterOf(filter);
        await write(listEndLine(format, { rows, at, of, leftOut: without, since }));
      });
    });
    if (!isAll || passedOver.faults > 0) this.endWith('partlyFailed');
  }
}

function csvRow({ cells }: ListedCells): string {
  return csvLine(LIST_COLUMNS.map((name) => cells[name] ?? ''));
}

function jsonRow({ cells }: ListedCells): string {
  return `${safeJson(JSON.stringify(cells))}\n`;
}

function reportText(report: ExportReport): string {
  switch (report.event) {
    case 'left-out':
      return `Not on the list: ${report.why}.`;
    case 'unsaid':
      return `${report.domain}: not all that it has can be written as a row, so that these are empty, or lack something: ${report.columns.join(', ')}.`;
    default:
      return report satisfies never;
  }
}
