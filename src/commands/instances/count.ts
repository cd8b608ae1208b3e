import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { countLines } from '../../cli/instances/count-lines.ts';
import { unreadablePrinter } from '../../cli/instances/unreadable-printer.ts';
import { filteredInstances } from '../../instances/lookup/all-instances.ts';
import type { Unreadable } from '../../instances/lookup/classify-document.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { COUNTED_FIELDS, type ValueCount, ValueCounts } from '../../operations/targets/value-counts.ts';

interface Counted {
  readonly count: number;
  /** How many have each value, the most frequent first; null = none. Only with `--by`. */
  readonly by?: readonly ValueCount[];
  /** Documents that cannot be read, and are not counted; absent where there are none. */
  readonly unreadable?: readonly { readonly id: string; readonly field: string; readonly problem: string }[];
}

export default class InstancesCount extends BaseCommand {
  static override summary = 'Count the instances, or those that a filter means';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --state blocked',
    '<%= config.bin %> <%= command.id %> --by org_id --state blocked',
  ];

  static override flags = {
    by: Flags.option({ summary: 'Count those with each value of this field', options: COUNTED_FIELDS })(),
    ...filterFlags,
  };

  async run(): Promise<Counted> {
    const { flags } = await this.parse(InstancesCount);
    const filter = filterOf(flags);
    return await withCouch(this.loadConfig(flags.config), async ({ global }) => {
      const printUnreadable = unreadablePrinter(this.output);
      const passedOver: Unreadable[] = [];
      let count = 0;
      const values = new ValueCounts(flags.by);
      const instances = filteredInstances(global, filter, (unreadable) => {
        printUnreadable(unreadable);
        passedOver.push(unreadable);
      });
      for await (const instance of instances) {
        count += 1;
        values.add(instance);
      }
      const by = values.sorted();
      if (by === undefined) this.output.line(count === 1 ? '1 instance' : `${count} instances`);
      else for (const line of countLines(by, flags.by ?? '', this.live)) this.log(line);
      const unreadable = passedOver.map(({ _id: id, field, problem }) => ({ id, field, problem }));
      return { count, ...(by && { by }), ...(unreadable.length > 0 && { unreadable }) };
    });
  }
}
