import { BaseCommand } from '../../cli/base-command.ts';
import { instanceArg } from '../../cli/flags/args.ts';
import { type InstanceView, instanceView } from '../../instances/documents/instance-view.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { findInstance } from '../../operations/targets/find-instance.ts';
import { safeJson } from '../../safe-text.ts';

export default class InstancesShow extends BaseCommand {
  static override summary = 'Show an instance';

  static override description =
    'The JSON of cozy-stack, and after its fields those that it leaves out, such as blocking_reason. A register token in it is a secret: whoever has it becomes the owner.';

  static override examples = ['<%= config.bin %> <%= command.id %> alice.example.org'];

  static override args = { domain: instanceArg };

  async run(): Promise<InstanceView> {
    const { args, flags } = await this.parse(InstancesShow);
    return await withCouch(this.loadConfig(flags.config), async ({ global }) => {
      const view = instanceView(await findInstance(global, args.domain));
      this.output.line(safeJson(JSON.stringify(view, null, 2)));
      return view;
    });
  }
}
