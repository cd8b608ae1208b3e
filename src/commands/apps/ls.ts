import { Flags } from '@oclif/core';
import { meetsConditions, parseAppCondition } from '../../apps/manifest/app-condition.ts';
import { BaseCommand } from '../../cli/base-command.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { COUNT_HEAD, countRow, domainLine, jsonLine } from '../../cli/instances/app-lines.ts';
import { passedOverPrinter } from '../../cli/instances/passed-over-printer.ts';
import { rowsText } from '../../cli/terminal/table.ts';
import { writeAll } from '../../cli/terminal/write-stdout.ts';
import { AppCounter } from '../../operations/apps/count-apps.ts';
import { type AppsReading, readApps } from '../../operations/apps/read-apps.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { meantInstances } from '../../operations/targets/meant-instances.ts';

export default class AppsLs extends BaseCommand {
  static override summary = 'List the applications of all instances, or of those that a filter means';

  static override description =
    'Each version of each application, where it came from, and how many instances have it; webapps first, then konnectors. Versions are compared as a stack orders them: 1.60 is 1.60.0, and 1.60.0-beta.1 comes before it. An instance whose applications cannot be read is named. Exit code: 0 all were read, 1 none could be read, 2 wrong usage or bad input, 68 some could not be read.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    "<%= config.bin %> <%= command.id %> --where 'drive<1.60' --domains",
    "<%= config.bin %> <%= command.id %> --where 'drive>=1.50' --where 'drive<1.60' --context beta",
    '<%= config.bin %> <%= command.id %> --where notes --json',
  ];

  static override flags = {
    // Instead of the flag of all commands: there may be too many applications for one JSON value.
    json: Flags.boolean({ summary: 'One JSON object a line' }),
    domains: Flags.boolean({ summary: 'A line for each application of each instance, as they are read' }),
    where: Flags.string({
      summary: "Only this application, and only versions like this, such as 'drive<1.60' (repetition)",
      description:
        'With <, <=, =, !=, >= or >. Of several about one application all must hold; quote them for the shell.',
      helpValue: '<slug[<version]>',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...filterFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AppsLs);
    const conditions = (flags.where ?? []).map((text) => parseAppCondition(text, '--where'));
    const filter = filterOf(flags);
    const json = this.jsonEnabled();
    const passedOver = passedOverPrinter(this.output, true);
    const counter = new AppCounter();
    let read = 0;
    let unread = 0;

    await withCouch(this.loadConfig(flags.config), async (couch) => {
      const note = (reading: Extract<AppsReading, { readable: false }>): string[] => {
        unread += 1;
        const { domain, code, problem } = reading;
        if (json) return [jsonLine({ domain, error: { code, message: problem } })];
        this.output.note(`Not read: the applications of ${domain}: ${problem}.`);
        return [];
      };
      async function* lines(): AsyncGenerator<string> {
        const instances = meantInstances(couch, filter, passedOver);
        for await (const reading of readApps(instances, couch)) {
          if (!reading.readable) {
            yield* note(reading);
            continue;
          }
          read += 1;
          const { domain } = reading;
          for (const app of reading.apps.filter((each) => meetsConditions(each, conditions))) {
            if (!flags.domains) counter.add(app);
            else yield json ? jsonLine({ domain, ...app }) : domainLine(domain, app);
          }
        }
        if (json) yield* counter.counts().map(jsonLine);
      }
      await writeAll(lines());
    });
    const rows = counter.counts().map(countRow);
    if (!json) for (const text of rowsText(COUNT_HEAD, rows, this.live)) this.output.line(text);
    const failed = unread + passedOver.faults;
    if (failed > 0) this.endWith(read === 0 ? 'failed' : 'partlyFailed');
  }
}
