import { BaseCommand } from '../../cli/base-command.ts';
import { filterFlags, filterOf } from '../../cli/filter-flags.ts';
import { countChosen } from '../../cli/instances/chosen-instances.ts';
import { withCouch } from '../../cli/with-couch.ts';

export default class InstancesCount extends BaseCommand {
  static override summary = 'Count the instances, or those that a filter means';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --state blocked',
  ];

  static override flags = { ...filterFlags };

  async run(): Promise<{ readonly count: number }> {
    const { flags } = await this.parse(InstancesCount);
    const filter = filterOf(flags);
    return await withCouch(this.loadConfig(flags.config), async ({ global }) => {
      const count = await countChosen(global, filter);
      this.output.line(count === 1 ? '1 instance' : `${count} instances`);
      return { count };
    });
  }
}
