import { BaseCommand } from '../../cli/base-command.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { unreadablePrinter } from '../../cli/instances/unreadable-printer.ts';
import { filteredInstances } from '../../instances/lookup/all-instances.ts';
import type { Unreadable } from '../../instances/lookup/classify-document.ts';
import { withCouch } from '../../operations/connect/couch.ts';

interface Counted {
  readonly count: number;
  /** Documents that cannot be read, and are not counted; absent where there are none. */
  readonly unreadable?: readonly { readonly id: string; readonly field: string; readonly problem: string }[];
}

export default class InstancesCount extends BaseCommand {
  static override summary = 'Count the instances, or those that a filter means';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --state blocked',
  ];

  static override flags = { ...filterFlags };

  async run(): Promise<Counted> {
    const { flags } = await this.parse(InstancesCount);
    const filter = filterOf(flags);
    return await withCouch(this.loadConfig(flags.config), async ({ global }) => {
      const printUnreadable = unreadablePrinter(this.output);
      const passedOver: Unreadable[] = [];
      let count = 0;
      const instances = filteredInstances(global, filter, (unreadable) => {
        printUnreadable(unreadable);
        passedOver.push(unreadable);
      });
      for await (const _ of instances) count += 1;
      this.output.line(count === 1 ? '1 instance' : `${count} instances`);
      const unreadable = passedOver.map(({ _id: id, field, problem }) => ({ id, field, problem }));
      return unreadable.length === 0 ? { count } : { count, unreadable };
    });
  }
}
