import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { StartedBatch } from '../../cli/batch/run-batch.ts';
import { triesFlag, waitFlags } from '../../cli/creation-flags.ts';
import { destroyMany, destroyOne } from '../../cli/destroy.ts';
import { filterFlags, filterOf } from '../../cli/filter-flags.ts';
import { refuseAddRm } from '../../cli/refusals.ts';
import type { OneDone } from '../../cli/run-work.ts';
import { onlyDomain } from '../../cli/targets/choose.ts';
import { withCouch } from '../../cli/with-couch.ts';
import { domainFileFlag, workFlags, workRunOf } from '../../cli/work-flags.ts';
import { InputError } from '../../errors.ts';
import { DEFAULT_TRIES } from '../../workers/retry-policy.ts';

export default class InstancesDestroy extends BaseCommand {
  static override summary = 'Destroy an instance, several, those of a file, or all that meet a filter';

  static override description =
    'Asks to type the domain again, or the number of instances. All data of theirs is lost.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org',
    '<%= config.bin %> <%= command.id %> --from leavers.csv',
    '<%= config.bin %> <%= command.id %> --state blocked --domain "*.school.org"',
  ];

  static override aliases = ['instances:rm', 'instances:delete', 'instances:remove'];

  static override strict = false;

  static override args = {
    domain: Args.string({ ignoreStdin: true, description: 'Domains of the instances' }),
  };

  static override flags = {
    from: domainFileFlag,
    ...filterFlags,
    force: Flags.boolean({ summary: 'Do not ask', default: false }),
    'skip-accounts': Flags.boolean({
      summary: 'Do not let konnectors tell other services that their accounts are gone',
      default: false,
    }),
    resume: Flags.boolean({
      summary: 'Take over what is flagged deleting; no stack must be at it',
      default: false,
    }),
    ...workFlags,
    ...waitFlags,
    tries: triesFlag(DEFAULT_TRIES),
  };

  async run(): Promise<OneDone | StartedBatch | undefined> {
    const { argv, flags } = await this.parse(InstancesDestroy);
    const config = this.loadConfig(flags.config);
    refuseAddRm(config, 'destroy');
    const domains = argv.map(String);
    const filter = filterOf(flags);
    if (flags.from === '-' && !flags.force) {
      throw new InputError('no_terminal', 'With --from - there is nobody to ask', {}, 'Give --force.');
    }
    return await withCouch(config, async (couch) => {
      const options = {
        ...workRunOf(flags, { config, json: this.jsonEnabled(), output: this.output }),
        couch,
        skipAccounts: flags['skip-accounts'],
        resume: flags.resume,
      };
      const choice = { domains, from: flags.from, filter, skipInvalid: flags['skip-invalid'] };
      const only = onlyDomain(choice);
      const { answer, exitCode } =
        only !== undefined ? await destroyOne(options, only) : await destroyMany(options, choice);
      this.exitWith(exitCode);
      return answer;
    });
  }
}
