import { BaseCommand } from '../../cli/base-command.ts';
import { changeFlags, rawChangesOf } from '../../cli/change-flags.ts';
import { instanceArg } from '../../cli/find-instance.ts';
import { withPlainTruths } from '../../cli/instance-flags.ts';
import { modifyOne } from '../../cli/modify-one.ts';
import { rulesOf } from '../../cli/parsing-rules.ts';
import { parseChanges } from '../../instances/changes.ts';
import { type InstanceView, instanceView } from '../../instances/instance-view.ts';
import { isOnlyAbout } from '../../instances/parse-options.ts';

export default class InstancesModify extends BaseCommand {
  static override summary = 'Change an instance';

  static override description =
    'Flags are those of cozy-stack; what is not given stays as it is. Prints the instance as show does: a register token in it is a secret.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org --locale fr --disk-quota 5GB',
    '<%= config.bin %> <%= command.id %> alice.example.org --blocking-reason PAYMENT_FAILED',
    '<%= config.bin %> <%= command.id %> alice.example.org --blocked=false',
  ];

  static override args = { domain: instanceArg };

  static override flags = changeFlags;

  async run(): Promise<InstanceView> {
    const { args, flags } = await this.parse(InstancesModify, withPlainTruths(this.argv, changeFlags));
    const config = this.loadConfig(flags.config);
    try {
      const raw = { ...rawChangesOf(flags), domain: args.domain };
      const { domain: name, changes } = parseChanges(raw, rulesOf(config));
      const { instance } = await modifyOne({ config, name, changes, output: this.output });
      const view = instanceView(instance);
      this.output.line(JSON.stringify(view, null, 2));
      return view;
    } catch (error) {
      // The stack looks at a size before anything else, and says no more than what is wrong with it.
      if (!isOnlyAbout(error, 'disk-quota')) {
        this.output.note(`Failed to modify instance for domain ${args.domain}`);
      }
      throw error;
    }
  }
}
