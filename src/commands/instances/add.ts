import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { PlanAnswer } from '../../cli/batches/print-plan.ts';
import { batchFlags, triesFlag, waitFlags } from '../../cli/flags/creation-flags.ts';
import { waitMs } from '../../cli/flags/duration.ts';
import { instanceFlags } from '../../cli/flags/instance-flags.ts';
import { notifyOf } from '../../cli/flags/notify-flag.ts';
import { planFileFlag, planFlags } from '../../cli/flags/plan-flags.ts';
import { skeletonFlag } from '../../cli/flags/skeleton-flag.ts';
import { steeringOptionsOf } from '../../cli/flags/steering-flags.ts';
import type { DryRunAnswer, FileCreation } from '../../cli/instances/add-file.ts';
import { addOne } from '../../cli/instances/add-one.ts';
import type { Creation } from '../../cli/jobs/print-creation.ts';
import { passphraseFlags, readPassphrase } from '../../cli/terminal/passphrase-input.ts';
import { InputError } from '../../errors.ts';
import { DEFAULT_TRIES } from '../../jobs/kinds/envelope.ts';
import { refuseAddRm } from '../../operations/instances/refuse-add-rm.ts';

export default class InstancesAdd extends BaseCommand {
  static override summary = 'Create an instance, or all those of a file';

  static override description =
    'Flags are those of cozy-stack. With --from they stand in for columns that are absent or empty.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org --locale fr --email alice@example.org',
    '<%= config.bin %> <%= command.id %> --from school.csv --locale fr --disk-quota 5GB',
    '<%= config.bin %> <%= command.id %> --from school.csv --skeleton ./welcome --dry-run',
  ];

  static override aliases = ['instances:create'];

  // oclif takes an argument that is missing from stdin, where the file or the passphrase may be.
  static override args = {
    domain: Args.string({
      ignoreStdin: true,
      description: 'Domain of the instance, with its port if it has one',
    }),
  };

  static override flags = {
    ...instanceFlags,
    ...skeletonFlag,
    ...passphraseFlags,
    ...batchFlags,
    ...planFlags,
    ...planFileFlag,
    ...waitFlags,
    tries: triesFlag(DEFAULT_TRIES),
  };

  // What only files and looks ahead need is loaded for them: it is more than all that one instance needs.
  async run(): Promise<Creation | FileCreation | DryRunAnswer | PlanAnswer> {
    const { args, flags } = await this.parse(InstancesAdd);
    const config = this.loadConfig(flags.config);
    refuseAddRm(config, 'add');
    const { tries, async, from } = flags;
    const shared = {
      config,
      tries,
      skeleton: flags.skeleton,
      reason: flags.reason ?? '',
      async,
      waitMs: waitMs(flags.wait),
      output: this.output,
    };

    if (args.domain !== undefined && from === undefined) {
      const passphrase = await readPassphrase(flags, process.stdin, this.output);
      const one = { ...shared, domain: args.domain, flags: { ...flags, passphrase } };
      const lookAhead = async () => {
        const { namingOf, planOne } = await import('../../cli/instances/plan-one.ts');
        return await planOne({
          ...one,
          live: this.live,
          file: flags['plan-file'],
          naming: namingOf(flags),
        });
      };
      const { answer, outcome } = flags['dry-run'] ? await lookAhead() : await addOne(one);
      this.endWith(outcome);
      return answer;
    }

    if (args.domain !== undefined || from === undefined) {
      throw new InputError('bad_choice', 'Name either a domain, or with --from a file of them');
    }
    const { addFile } = await import('../../cli/instances/add-file.ts');
    const { answer, outcome } = await addFile({
      ...shared,
      source: from,
      stdin: process.stdin,
      flags,
      dryRun: flags['dry-run'],
      skipInvalid: flags['skip-invalid'],
      name: flags['batch-name'],
      notify: notifyOf(flags.notify),
      ...steeringOptionsOf(flags),
      json: this.jsonEnabled(),
      live: this.live,
      planFile: flags['plan-file'],
    });
    this.endWith(outcome);
    return answer;
  }
}
