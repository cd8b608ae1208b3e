import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { filterFlags, filterOf } from '../../cli/flags/filter-flags.ts';
import { fleetFlagLines, instanceFlagLines } from '../../cli/instances/flag-lines.ts';
import { passedOverPrinter } from '../../cli/instances/passed-over-printer.ts';
import { InputError } from '../../errors.ts';
import { isEmptyFilter } from '../../instances/lookup/instance-filter.ts';
import { type Couch, withCouch } from '../../operations/connect/couch.ts';
import { countFlags, type FleetFlags } from '../../operations/features/count-flags.ts';
import { readSharedFlags } from '../../operations/features/flag-documents.ts';
import { type InstanceFlags, instanceFlags } from '../../operations/features/instance-flags.ts';
import { findInstance } from '../../operations/targets/find-instance.ts';
import { meantInstances } from '../../operations/targets/meant-instances.ts';
import { count } from '../../quantity-text.ts';
import { hasMeasures } from '../../usage/measured-filter.ts';

interface ShownFlags extends InstanceFlags {
  /** Of the instance itself, where an alias was given. */
  readonly domain: string;
  readonly context?: string;
}

export default class FeaturesShow extends BaseCommand {
  static override summary = 'Show the feature flags of an instance, or count those of many';

  static override description =
    'What applications get, computed as the stack does, and from where: the instance itself, contexts.<context>.features of the configuration file given here, the document of the context with its ratios, the defaults. The manager is not asked: where an instance has feature sets, it may say otherwise. Without a domain the instances that a filter means, or all, are counted for each flag, value and source.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> alice.example.org --source',
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --context beta --json',
  ];

  static override args = {
    domain: Args.string({
      ignoreStdin: true,
      description: 'Domain of the instance, with its port if it has one, or one of its aliases',
    }),
  };

  static override flags = {
    source: Flags.boolean({ summary: 'Show each source, too, and what does not count in it' }),
    ...filterFlags,
  };

  async run(): Promise<ShownFlags | FleetFlags> {
    const { args, flags } = await this.parse(FeaturesShow);
    const filter = filterOf(flags);
    if (args.domain !== undefined && !isEmptyFilter(filter)) {
      throw new InputError('bad_choice', 'Name the instances in one way: a domain or filters');
    }
    if (args.domain === undefined && flags.source) {
      throw new InputError(
        'bad_choice',
        '--source needs the domain of one instance: many are counted by source',
      );
    }
    const config = this.loadConfig(flags.config);
    return await withCouch(config, async (couch) => {
      const { global } = couch;
      const shared = await readSharedFlags(global, config.contexts);
      if (args.domain !== undefined) return await this.one(global, args.domain, shared, flags.source);
      const passedOver = passedOverPrinter(this.output, hasMeasures(filter));
      const counted = await countFlags(meantInstances(couch, filter, passedOver), shared);
      for (const line of fleetFlagLines(counted, this.live)) this.log(line);
      if (counted.with_sets > 0) {
        this.output.note(
          `${count(counted.with_sets)} of ${count(counted.instances)} have feature sets: what the manager says of these is not known here.`,
        );
      }
      if (passedOver.faults > 0) this.endWith('partlyFailed');
      return counted;
    });
  }

  private async one(
    global: Couch['global'],
    name: string,
    shared: Parameters<typeof instanceFlags>[1],
    withSources: boolean,
  ): Promise<ShownFlags> {
    const instance = await findInstance(global, name);
    const { domain, context } = instance;
    const found = instanceFlags(instance, shared);
    for (const line of instanceFlagLines(found, withSources)) this.log(line);
    if (found.sets.length > 0) {
      this.output.note(
        `The manager is asked for the feature sets ${found.sets.join(', ')}: what it says is not known here, and covers all but the flags of the instance itself.`,
      );
    }
    return { domain, ...(context && { context }), ...found };
  }
}
