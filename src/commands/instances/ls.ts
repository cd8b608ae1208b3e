import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { AVAILABLE_FIELDS, MORE_FIELDS } from '../../cli/instances/fields.ts';
import { listLines } from '../../cli/instances/instance-lines.ts';
import { MEASURED_FIELDS, readingsOf } from '../../cli/instances/measured-fields.ts';
import { measuredPrinter } from '../../cli/instances/measured-printer.ts';
import { passedOverPrinter } from '../../cli/instances/passed-over-printer.ts';
import { keptText } from '../../cli/instances/usage-lines.ts';
import { writeAll, writeStdout } from '../../cli/terminal/write-stdout.ts';
import { InputError } from '../../errors.ts';
import { isEmptyFilter } from '../../instances/lookup/instance-filter.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { dateTexts } from '../../operations/instances/dates/list-dates.ts';
import { cachedInstances } from '../../operations/targets/cached-instances.ts';
import { meantInstances } from '../../operations/targets/meant-instances.ts';
import { measuredInstances } from '../../operations/targets/measured-instances.ts';
import { requireKeptReport } from '../../operations/targets/report-usage.ts';
import type { MeasuredInstance } from '../../usage/measure-instance.ts';
import { hasMeasures } from '../../usage/measured-filter.ts';

export default class InstancesLs extends BaseCommand {
  static override summary = 'List the instances, or those that a filter means';

  static override description =
    `As cozy-stack prints them, with its own words for the state; with a filter or --format the state is told in full. --fields knows also ${MORE_FIELDS.join(', ')}. They are listed as they are read, in the order of CouchDB: sort them with another program. What is not in an instance's document (${MEASURED_FIELDS.join(', ')}) is read from each instance, and nothing that is not asked for: last_activity as cozy-stack computes it, disk_used in bytes with former versions of files, disk_share in percent of the quota. What cannot be told is empty, and named. Exit code: 0 all is told, 1 of no instance, 2 wrong usage or bad input, 68 of some it is not.`;

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --state blocked --format table --fields domain,blocking_reason',
    '<%= config.bin %> <%= command.id %> --context beta --json',
    '<%= config.bin %> <%= command.id %> --org-id school --format csv --fields domain,org_id,org_domain,state',
    '<%= config.bin %> <%= command.id %> --format table --columns domain,last_activity,disk_used,disk_share,apps',
    '<%= config.bin %> <%= command.id %> --idle-since 1y --format csv --fields domain,last_activity,email',
    "<%= config.bin %> <%= command.id %> --app 'drive<1.60' --used-over 90% --json",
    '<%= config.bin %> <%= command.id %> --cached --format table --fields domain,last_activity,disk_share',
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
    cached: Flags.boolean({
      summary:
        'Take what is measured from the report that was kept last (instances report), and read nothing anew',
      default: false,
    }),
    ...filterFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(InstancesLs);
    if (flags['available-fields']) return await writeStdout(`${AVAILABLE_FIELDS.join('\n')}\n`);
    const { format, cached } = flags;
    const filter = filterOf(flags);
    const fields = (flags.fields ?? []).map((name) => name.trim()).filter((name) => name !== '');
    this.noteUnknown(fields);
    const readings = readingsOf(fields);
    if (cached && readings.has('owner')) throw notKept();
    await withCouch(this.loadConfig(flags.config), async (couch) => {
      const measures = readings.size > 0 || hasMeasures(filter);
      const passedOver = passedOverPrinter(this.output, measures);
      const printer = measuredPrinter(this.output, readings);
      if (cached) this.output.note(keptText(await requireKeptReport(couch), Date.now()));
      const dates = fields.includes('dates') ? await dateTexts(couch) : undefined;
      const instances = () =>
        cached
          ? cachedInstances(couch.global, filter, passedOver)
          : measuredInstances(meantInstances(couch, filter, passedOver), readings, couch);
      async function* noted(): AsyncGenerator<MeasuredInstance> {
        for await (const measured of instances()) {
          printer.note(measured);
          yield measured;
        }
      }
      const lines = listLines(noted, {
        form: this.jsonEnabled() ? 'json' : (format ?? 'stack'),
        fields,
        dates,
        fullState: format !== undefined || !isEmptyFilter(filter),
        once: cached || measures,
      });
      await writeAll(lines);
      this.endWith(printer.outcome(passedOver.faults));
    });
  }

  /** The stack lists them as missing, and scripts count on their columns. */
  private noteUnknown(fields: readonly string[]): void {
    const unknown = fields.filter((name) => ![...AVAILABLE_FIELDS, ...MORE_FIELDS].includes(name));
    if (unknown.length > 0) this.output.note(`No instance has a field ${unknown.join(', ')}.`);
  }
}

function notKept(): InputError {
  return new InputError(
    'bad_choice',
    'A report keeps neither e-mail addresses nor names',
    { column: '--cached' },
    'Leave out email and public_name, or --cached.',
  );
}
