import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { AVAILABLE_FIELDS, MORE_FIELDS } from '../../cli/instances/fields.ts';
import { listLines } from '../../cli/instances/instance-lines.ts';
import { passedOverPrinter } from '../../cli/instances/passed-over-printer.ts';
import { writeAll, writeStdout } from '../../cli/terminal/write-stdout.ts';
import { isEmptyFilter } from '../../instances/lookup/instance-filter.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { meantInstances } from '../../operations/targets/meant-instances.ts';

export default class InstancesLs extends BaseCommand {
  static override summary = 'List the instances, or those that a filter means';

  static override description =
    `As cozy-stack prints them, with its own words for the state; with a filter or --format the state is told in full. --fields knows also ${MORE_FIELDS.join(', ')}. They are listed as they are read, in the order of CouchDB: sort them with another program.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --state blocked --format table --fields domain,blocking_reason',
    '<%= config.bin %> <%= command.id %> --context beta --json',
    '<%= config.bin %> <%= command.id %> --org-id school --format csv --fields domain,org_id,org_domain,state',
  ];

  static override aliases = ['instances:list'];

  static override flags = {
    // Instead of the flag of all commands: there may be too many instances for one JSON value.
    json: Flags.boolean({ summary: 'One JSON object a line', exclusive: ['format'] }),
    fields: Flags.string({
      summary: 'Only these fields (commas or repetition)',
      aliases: ['columns'],
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
    'available-fields': Flags.boolean({ summary: "Print the names of the stack's fields" }),
    format: Flags.option({
      summary: "Form of the output, instead of the stack's",
      options: ['csv', 'table'] as const,
    })(),
    ...filterFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(InstancesLs);
    if (flags['available-fields']) return await writeStdout(`${AVAILABLE_FIELDS.join('\n')}\n`);
    const { format } = flags;
    const filter = filterOf(flags);
    const fields = (flags.fields ?? []).map((name) => name.trim()).filter((name) => name !== '');
    this.noteUnknown(fields);
    const passedOver = passedOverPrinter(this.output);
    await withCouch(this.loadConfig(flags.config), async (couch) => {
      const lines = listLines(() => meantInstances(couch, filter, passedOver), {
        form: this.jsonEnabled() ? 'json' : (format ?? 'stack'),
        fields,
        fullState: format !== undefined || !isEmptyFilter(filter),
      });
      await writeAll(lines);
    });
    if (passedOver.faults > 0) this.endWith('partlyFailed');
  }

  /** The stack lists them as missing, and scripts count on their columns. */
  private noteUnknown(fields: readonly string[]): void {
    const unknown = fields.filter((name) => ![...AVAILABLE_FIELDS, ...MORE_FIELDS].includes(name));
    if (unknown.length > 0) this.output.note(`No instance has a field ${unknown.join(', ')}.`);
  }
}
