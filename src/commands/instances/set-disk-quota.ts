import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { instanceArg } from '../../cli/flags/args.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { withHeldServices } from '../../cli/instances/with-held-services.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { InputError } from '../../errors.ts';
import { type InstanceView, instanceView } from '../../instances/documents/instance-view.ts';
import { parseQuota } from '../../instances/options/option-values.ts';
import { trimBlanks } from '../../instances/values/characters.ts';
import { modifyInstance } from '../../operations/instances/modify-instance.ts';

export default class InstancesSetDiskQuota extends BaseCommand {
  static override summary = 'Change the disk quota of an instance';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org 5GB',
    '<%= config.bin %> <%= command.id %> alice.example.org 0',
  ];

  static override args = {
    domain: instanceArg,
    quota: Args.string({
      ignoreStdin: true,
      description: 'Most that its files may take, such as 5GB or 5GiB; 0 or unlimited for no limit',
      required: true,
    }),
  };

  static override flags = { reason: reasonFlag };

  async run(): Promise<InstanceView> {
    const { args, flags } = await this.parse(InstancesSetDiskQuota);
    const changes = { diskQuota: readQuota(args.quota) };
    const author = currentAuthor(flags.reason);
    const config = this.loadConfig(flags.config);
    const { instance } = await withHeldServices(
      { config, name: args.domain, output: this.output },
      ({ services, found, signal, report }) =>
        modifyInstance(services, { found, changes, author }, signal, report),
    );
    return instanceView(instance);
  }
}

/** @throws InputError in the stack's words */
function readQuota(text: string): number | null {
  try {
    return parseQuota(trimBlanks(text)) ?? null;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(error.code, `Could not parse disk-quota: ${error.message}`, {}, error.advice);
  }
}
