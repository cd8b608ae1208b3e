import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { countLines } from '../../cli/instances/count-lines.ts';
import { passedOverPrinter } from '../../cli/instances/passed-over-printer.ts';
import type { Unreadable } from '../../instances/lookup/classify-document.ts';
import { withCouch } from '../../operations/connect/couch.ts';
import { meantInstances } from '../../operations/targets/meant-instances.ts';
import { COUNTED_FIELDS, type ValueCount, ValueCounts } from '../../operations/targets/value-counts.ts';
import { hasMeasures, type Unmeasured } from '../../usage/measured-filter.ts';

interface Counted {
  readonly count: number;
  /** How many have each value, the most frequent first; null = none. Only with `--by`. */
  readonly by?: readonly ValueCount[];
  /** Documents that cannot be read, and are not counted; absent where there are none. */
  readonly unreadable?: readonly { readonly id: string; readonly field: string; readonly problem: string }[];
  /** Instances of which nobody can tell whether they are meant, and which are not counted; absent where there are none. */
  readonly unmeasured?: readonly Omit<Unmeasured, 'isFault'>[];
}

export default class InstancesCount extends BaseCommand {
  static override summary = 'Count the instances, or those that a filter means';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --state blocked',
    '<%= config.bin %> <%= command.id %> --by org_id --state blocked',
    '<%= config.bin %> <%= command.id %> --idle-since 1y --used-over 50%',
  ];

  static override flags = {
    by: Flags.option({ summary: 'Count those with each value of this field', options: COUNTED_FIELDS })(),
    ...filterFlags,
  };

  async run(): Promise<Counted> {
    const { flags } = await this.parse(InstancesCount);
    const filter = filterOf(flags);
    return await withCouch(this.loadConfig(flags.config), async (couch) => {
      const printer = passedOverPrinter(this.output, hasMeasures(filter));
      const passedOver: Unreadable[] = [];
      let count = 0;
      const values = new ValueCounts(flags.by);
      const unmeasured: Unmeasured[] = [];
      const instances = meantInstances(couch, filter, {
        onUnreadable(unreadable) {
          printer.onUnreadable(unreadable);
          passedOver.push(unreadable);
        },
        onUnmeasured(each) {
          printer.onUnmeasured(each);
          if (each.isFault) unmeasured.push(each);
        },
      });
      for await (const instance of instances) {
        count += 1;
        values.add(instance);
      }
      const by = values.sorted();
      if (by === undefined) this.output.line(count === 1 ? '1 instance' : `${count} instances`);
      else for (const line of countLines(by, flags.by ?? '', this.live)) this.log(line);
      const unreadable = passedOver.map(({ _id: id, field, problem }) => ({ id, field, problem }));
      if (printer.faults > 0) this.endWith('partlyFailed');
      return {
        count,
        ...(by && { by }),
        ...(unreadable.length > 0 && { unreadable }),
        ...(unmeasured.length > 0 && {
          unmeasured: unmeasured.map(({ domain, code, problem }) => ({ domain, code, problem })),
        }),
      };
    });
  }
}
