import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import type { PlanAnswer } from '../../cli/batches/print-plan.ts';
import { selectAndRun, selectionFlags } from '../../cli/batches/select-and-run.ts';
import { batchFlags } from '../../cli/flags/creation-flags.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import { prepareUpdates } from '../../operations/apps/update-apps.ts';
import { counted } from '../../quantity-text.ts';

export default class InstancesUpdateApps extends BaseCommand {
  static override summary = 'Update applications on instances that have them';

  static override description =
    'To the newest version of the channel from which each was installed, unless something else is said. What is newer than the newest version of stable stays as it is, and is told of; with --channel, --version or --source an application goes back to an older version as well. An instance without the application is passed over. As with cozy-stack, owners are asked nothing about new permissions; with --safe a version that asks for other permissions or terms waits until they agree, and apps ls --json shows it as availableVersion. A version of its own keeps the application from newer ones until an update says otherwise. Without slugs each row of a file names its own in its column apps; slugs together with a file that has that column filled are refused, for it may say what the instances were made with.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> drive notes --all',
    '<%= config.bin %> <%= command.id %> drive --context beta --channel beta --safe',
    "<%= config.bin %> <%= command.id %> drive --app 'drive<1.60' --flag drive.beta=true",
    '<%= config.bin %> <%= command.id %> drive --from domains.csv --version 1.60.0',
    '<%= config.bin %> <%= command.id %> agenda --domain alice.example.org --source https://host.example.org/agenda.tar.gz',
  ];

  static override strict = false;

  static override args = {
    slug: Args.string({
      ignoreStdin: true,
      description: 'Slugs of the applications; none where the rows of a file name them',
    }),
  };

  static override flags = {
    ...selectionFlags,
    channel: Flags.string({
      summary: 'Channel of the registry from which they are to come from now on, be its version an older one',
    }),
    version: Flags.string({ summary: 'Version to which they are to be updated, be it an older one' }),
    source: Flags.string({
      summary: 'Where the one application is to come from, from now on',
      exclusive: ['channel', 'version'],
    }),
    safe: Flags.boolean({
      summary: 'Hold back what asks for other permissions or terms',
      default: false,
    }),
    from: {
      ...batchFlags.from,
      summary: 'File with a domain a line, and a column apps where no slug is given; - for stdin',
    },
    all: Flags.boolean({ summary: 'On all instances', default: false }),
  };

  async run(): Promise<StartedBatch | NothingQueued | PlanAnswer | undefined> {
    const { argv, flags } = await this.parse(InstancesUpdateApps);
    const { from, safe, source, channel, version } = flags;
    const { output, live } = this;
    const order = { apps: argv.map(String), safe, source, channel, version };
    const command = { config: this.loadConfig(flags.config), domains: [], flags, output, live };
    const { answer, outcome } = await selectAndRun(
      { ...command, json: this.jsonEnabled(), report: selectionPrinter(output) },
      {
        prepare: (services, selection) => prepareUpdates(services, selection, order),
        question({ total, described }) {
          // A file has been looked through by who wrote it.
          if (from !== undefined) return undefined;
          const which = order.apps.join(', ');
          return [`Are you sure you want to update ${which} on ${counted(total, 'instance')}: ${described}?`];
        },
      },
    );
    this.endWith(outcome);
    return answer;
  }
}
