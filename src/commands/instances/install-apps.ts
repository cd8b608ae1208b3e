import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { StartedBatch } from '../../cli/batch/run-batch.ts';
import { batchFlags, triesFlag, waitFlags } from '../../cli/creation-flags.ts';
import { filterFlags, filterOf } from '../../cli/filter-flags.ts';
import { installOnMany, installOnOne } from '../../cli/install-apps.ts';
import { list } from '../../cli/instance-flags.ts';
import type { OneDone } from '../../cli/run-work.ts';
import { onlyDomain } from '../../cli/targets/choose.ts';
import { withCouch } from '../../cli/with-couch.ts';
import { workFlags, workRunOf } from '../../cli/work-flags.ts';
import { splitList } from '../../instances/options/option-values.ts';
import { DEFAULT_TRIES } from '../../workers/retry-policy.ts';

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
    ...workFlags,
    ...waitFlags,
    tries: triesFlag(DEFAULT_TRIES),
  };

  async run(): Promise<OneDone | StartedBatch | undefined> {
    const { argv, flags } = await this.parse(InstancesInstallApps);
    const config = this.loadConfig(flags.config);
    const domains = argv.map(String);
    const filter = filterOf(flags);
    return await withCouch(config, async (couch) => {
      const options = {
        ...workRunOf(flags, { config, json: this.jsonEnabled(), output: this.output }),
        couch,
        apps: (flags.apps ?? []).flatMap(splitList),
      };
      const { from, all } = flags;
      const choice = { domains, from, filter, all, skipInvalid: flags['skip-invalid'] };
      const only = onlyDomain(choice);
      const { answer, exitCode } =
        only !== undefined ? await installOnOne(options, only) : await installOnMany(options, choice);
      this.exitWith(exitCode);
      return answer;
    });
  }
}
