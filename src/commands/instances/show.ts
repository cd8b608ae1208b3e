import { BaseCommand } from '../../cli/base-command.ts';
import { instanceArg } from '../../cli/flags/args.ts';
import { type InstanceView, instanceView } from '../../instances/documents/instance-view.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { type DateLine, datesOf } from '../../operations/instances/dates/list-dates.ts';
import { findInstance } from '../../operations/targets/find-instance.ts';
import { safeJson } from '../../safe-text.ts';

export default class InstancesShow extends BaseCommand {
  static override summary = 'Show an instance';

  static override description =
    'The JSON of cozy-stack, and after its fields those that it leaves out, such as blocking_reason, and the dates that are set for it. A register token in it is a secret: whoever has it becomes the owner.';

  static override examples = ['<%= config.bin %> <%= command.id %> alice.example.org'];

  static override args = { domain: instanceArg };

  async run(): Promise<InstanceView & { readonly dates?: readonly DateLine[] }> {
    const { args, flags } = await this.parse(InstancesShow);
    return await withCouch(this.loadConfig(flags.config), async ({ global }) => {
      const instance = await findInstance(global, args.domain);
      const dates = await datesOf(global, instance._id);
      const view = { ...instanceView(instance), ...(dates.length > 0 && { dates }) };
      this.output.line(safeJson(JSON.stringify(view, null, 2)));
      return view;
    });
  }
}
