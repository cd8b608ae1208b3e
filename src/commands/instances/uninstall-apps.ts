import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import type { PlanAnswer } from '../../cli/batches/print-plan.ts';
import { selectAndRun, selectionFlags } from '../../cli/batches/select-and-run.ts';
import { slugLines } from '../../cli/batches/slug-lines.ts';
import { batchFlags } from '../../cli/flags/creation-flags.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import { prepareUninstallations } from '../../operations/apps/uninstall-apps.ts';
import { counted } from '../../quantity-text.ts';

export default class InstancesUninstallApps extends BaseCommand {
  static override summary = 'Uninstall applications from instances that have them';

  static override description =
    'As cozy-stack: the triggers of their services, their permissions and their documents go; what they have written stays, and so does their code, unless --purge-code is given. A webapp that an OAuth client of the instance uses is left alone. With a konnector the accounts go that its triggers name: where it wants to delete them at their providers, a running stack is needed, whose Redis is configured, and is waited for. An instance without the application is passed over. Without slugs each row of a file names its own in its column apps; slugs together with a file that has that column filled are refused, for it may say what the instances were made with.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> agenda --context beta',
    '<%= config.bin %> <%= command.id %> agenda tasks --from domains.csv --purge-code',
    '<%= config.bin %> <%= command.id %> --from removals.csv',
    '<%= config.bin %> <%= command.id %> agenda --all --dry-run',
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
    'purge-code': Flags.boolean({
      summary: 'Remove the code of all their versions, too, also where they are not installed any more',
      default: false,
    }),
    from: {
      ...batchFlags.from,
      summary: 'File with a domain a line, and a column apps where no slug is given; - for stdin',
    },
    all: Flags.boolean({ summary: 'From all instances', default: false }),
  };

  async run(): Promise<StartedBatch | NothingQueued | PlanAnswer | undefined> {
    const { argv, flags } = await this.parse(InstancesUninstallApps);
    const { output, live } = this;
    const order = { apps: argv.map(String), purgeCode: flags['purge-code'] };
    const command = { config: this.loadConfig(flags.config), domains: [], flags, output, live };
    const { answer, outcome } = await selectAndRun(
      { ...command, json: this.jsonEnabled(), report: selectionPrinter(output) },
      {
        prepare: (services, selection) => prepareUninstallations(services, selection, order),
        question: ({ total, described, slugs }) => [
          `Are you sure you want to uninstall applications from ${counted(total, 'instance')}: ${described}?`,
          ...slugLines(slugs),
        ],
      },
    );
    this.endWith(outcome);
    return answer;
  }
}
