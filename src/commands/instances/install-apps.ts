import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import { type PlanAnswer, planSingle } from '../../cli/batches/print-plan.ts';
import { type SelectionFlags, selectAndRun, selectionFlags } from '../../cli/batches/select-and-run.ts';
import { batchFlags } from '../../cli/flags/creation-flags.ts';
import { filterOf } from '../../cli/flags/filter-flags.ts';
import { list } from '../../cli/flags/instance-flags.ts';
import { refuseSteeringOfOne } from '../../cli/flags/steering-flags.ts';
import { workOptionsOf } from '../../cli/flags/work-flags.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import type { SingleResult } from '../../cli/jobs/print-job.ts';
import { runSingle } from '../../cli/jobs/run-single.ts';
import type { Config } from '../../config/config.ts';
import { splitList } from '../../instances/options/option-values.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import {
  checkedApps,
  prepareInstallation,
  prepareInstallations,
} from '../../operations/instances/install-apps.ts';
import { onlyDomain } from '../../operations/targets/selection.ts';
import { targetNamed } from '../../operations/targets/target-named.ts';
import { counted } from '../../quantity-text.ts';

export default class InstancesInstallApps extends BaseCommand {
  static override summary = 'Install applications on instances that exist';

  static override description =
    'Webapps and konnectors, by slug or source: registry://slug/channel/version, https://host/app.tar.gz, file:///directory, git+https://host/repository.git#branch. One that is installed stays as it is, in whichever version. Without --apps each row of a file names its own in its column apps; --apps together with a file that has that column filled is refused, for it may say what the instances were made with.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org --apps drive,notes',
    '<%= config.bin %> <%= command.id %> --from school.csv --apps registry://agenda/beta',
    '<%= config.bin %> <%= command.id %> --context beta --apps drive',
  ];

  static override strict = false;

  static override args = {
    domain: Args.string({ ignoreStdin: true, description: 'Domains of the instances' }),
  };

  static override flags = {
    ...selectionFlags,
    apps: list('Applications to install, by slug or source'),
    from: {
      ...batchFlags.from,
      summary: 'File with a domain a line, and a column apps where there is no --apps; - for stdin',
    },
    all: Flags.boolean({ summary: 'On all instances', default: false }),
  };

  async run(): Promise<SingleResult | StartedBatch | NothingQueued | PlanAnswer | undefined> {
    const { argv, flags } = await this.parse(InstancesInstallApps);
    const config = this.loadConfig(flags.config);
    const { output, live } = this;
    const domains = argv.map(String);
    const apps = (flags.apps ?? []).flatMap(splitList);
    const { from, all, 'skip-invalid': skipInvalid } = flags;
    const only = onlyDomain({ domains, from, filter: filterOf(flags), all, skipInvalid });
    if (only !== undefined) return await this.onOne(config, only, apps, flags);
    const command = { config, domains, flags, output, live, json: this.jsonEnabled() };
    const { answer, outcome } = await selectAndRun(
      { ...command, report: selectionPrinter(output) },
      {
        prepare: (services, selection) => prepareInstallations(services, selection, apps),
        question({ filter, total, described, slugs }) {
          if (filter === undefined) return undefined;
          const installed = slugs.map(({ slug }) => slug).join(', ');
          return [
            `Are you sure you want to install ${installed} on ${counted(total, 'instance')}: ${described}?`,
          ];
        },
      },
    );
    this.endWith(outcome);
    return answer;
  }

  private async onOne(
    config: Config,
    name: string,
    apps: readonly string[],
    flags: SelectionFlags,
  ): Promise<SingleResult | PlanAnswer | undefined> {
    const work = workOptionsOf(flags);
    refuseSteeringOfOne(flags);
    const { output, live } = this;
    return await withCouch(config, async (couch) => {
      const { global } = couch;
      if (flags['dry-run']) {
        const { domain, work: seen } = await targetNamed(global, name);
        const planned: JobSpec = { kind: 'install-apps', domain, apps: [...checkedApps(apps)], ...seen };
        const planning = { config, couch, output, live, file: flags['plan-file'], naming: work };
        const { answer, outcome } = await planSingle(planning, planned);
        this.endWith(outcome);
        return answer;
      }
      const single = await prepareInstallation({ global }, name, apps);
      const { answer, outcome } = await runSingle({ config, global, output }, single, work);
      this.endWith(outcome);
      return answer;
    });
  }
}
