import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { NothingQueued, StartedBatch } from '../../cli/batches/print-batch.ts';
import { type PlanAnswer, planPrepared, planSingle } from '../../cli/batches/print-plan.ts';
import { runPrepared } from '../../cli/batches/run-prepared.ts';
import { batchFlags, triesFlag, waitFlags } from '../../cli/flags/creation-flags.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { list } from '../../cli/flags/instance-flags.ts';
import { planFileFlag, planFlags } from '../../cli/flags/plan-flags.ts';
import { refuseSteeringOfOne } from '../../cli/flags/steering-flags.ts';
import { workFlags, workOptionsOf } from '../../cli/flags/work-flags.ts';
import { selectionPrinter } from '../../cli/instances/unreadable-printer.ts';
import type { SingleResult } from '../../cli/jobs/print-job.ts';
import { runSingle } from '../../cli/jobs/run-single.ts';
import { askForNumber } from '../../cli/terminal/confirm.ts';
import { splitList } from '../../instances/options/option-values.ts';
import { DEFAULT_TRIES } from '../../jobs/kinds/envelope.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import {
  checkedApps,
  prepareInstallation,
  prepareInstallations,
} from '../../operations/instances/install-apps.ts';
import { onlyDomain } from '../../operations/targets/selection.ts';
import { targetNamed } from '../../operations/targets/target-named.ts';
import { count } from '../../quantity-text.ts';

export default class InstancesInstallApps extends BaseCommand {
  static override summary = 'Install applications on instances that exist';

  static override description =
    'Webapps and konnectors, by slug or source: registry://slug/channel/version, https://host/app.tar.gz, file:///directory, git+https://host/repository.git#branch. One that is installed stays as it is, in whichever version.';

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
    apps: list('Applications to install, by slug or source'),
    from: {
      ...batchFlags.from,
      summary: 'File with a domain a line, and a column apps where they differ; - for stdin',
    },
    all: Flags.boolean({ summary: 'On all instances', default: false }),
    ...filterFlags,
    force: Flags.boolean({ summary: 'Do not ask', default: false }),
    ...planFlags,
    ...planFileFlag,
    ...workFlags,
    ...waitFlags,
    tries: triesFlag(DEFAULT_TRIES),
  };

  async run(): Promise<SingleResult | StartedBatch | NothingQueued | PlanAnswer | undefined> {
    const { argv, flags } = await this.parse(InstancesInstallApps);
    const config = this.loadConfig(flags.config);
    const filter = filterOf(flags);
    const work = workOptionsOf(flags);
    const apps = (flags.apps ?? []).flatMap(splitList);
    const { from, all, 'skip-invalid': skipInvalid } = flags;
    const selection = { domains: argv.map(String), from, filter, all, skipInvalid };
    const only = onlyDomain(selection);
    if (only !== undefined) refuseSteeringOfOne(flags);
    const { stdin } = process;
    const { output } = this;
    return await withCouch(config, async (couch) => {
      const { global, cluster } = couch;
      const planning = { config, couch, output, live: this.live, file: flags['plan-file'], naming: work };
      const command = { config, global, stdin, output, json: this.jsonEnabled() };
      if (only !== undefined && flags['dry-run']) {
        const { domain, work: seen } = await targetNamed(global, only);
        const { answer, outcome } = await planSingle(planning, {
          kind: 'install-apps',
          domain,
          apps: [...checkedApps(apps)],
          ...seen,
        });
        this.endWith(outcome);
        return answer;
      }
      if (only !== undefined) {
        const single = await prepareInstallation({ global }, only, apps);
        const { answer, outcome } = await runSingle(command, single, work);
        this.endWith(outcome);
        return answer;
      }
      const services = { global, cluster, stdin, report: selectionPrinter(output) };
      const prepared = await prepareInstallations(services, selection, apps);
      if (flags['dry-run']) {
        const { answer, outcome } = await planPrepared(planning, prepared);
        this.endWith(outcome);
        return answer;
      }
      const { answer, outcome } = await runPrepared(command, prepared, work, async () => {
        if (prepared.filter === undefined || work.force) return undefined;
        const { total, described, apps: installed = [] } = prepared;
        const question = `Are you sure you want to install ${installed.join(', ')} on ${count(total)} instances: ${described}?`;
        await askForNumber(command, total, [question]);
        return total;
      });
      this.endWith(outcome);
      return answer;
    });
  }
}
