import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { type FlagsAnswer, showOrChangeFlags } from '../../cli/instances/show-or-change-flags.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { parseContext, parseContextFlags } from '../../operations/features/parse-flag-changes.ts';

export default class FeaturesContext extends BaseCommand {
  static override summary = 'Show the feature flags of a context with their ratios, or set some';

  static override description =
    'Each flag has a list of values with the share of the instances that get it; which these are is told by a checksum, and the same each time. Given flags are merged: a list replaces the one of that flag, [] or null takes the flag away, others stay. What the configuration file says of a context covers them.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> beta',
    `<%= config.bin %> <%= command.id %> beta '{"drive.new":[{"ratio":0.1,"value":true}]}'`,
    `<%= config.bin %> <%= command.id %> beta '{"drive.new":null}' --dry-run`,
  ];

  static override aliases = ['features:ratio'];

  static override args = {
    context: Args.string({ ignoreStdin: true, description: 'Name of the context', required: true }),
    flags: Args.string({
      ignoreStdin: true,
      description: 'Flags to set, as JSON: lists of {"ratio", "value"} by name',
    }),
  };

  static override flags = {
    reason: reasonFlag,
    'dry-run': Flags.boolean({ summary: 'Show what they would be then, and change nothing' }),
  };

  async run(): Promise<FlagsAnswer> {
    const { args, flags } = await this.parse(FeaturesContext);
    const scope = { context: parseContext(args.context) };
    const patch = args.flags === undefined ? undefined : parseContextFlags(args.flags);
    const { output } = this;
    const config = this.loadConfig(flags.config);
    return await showOrChangeFlags({
      config,
      output,
      scope,
      patch,
      dryRun: flags['dry-run'],
      author: currentAuthor(flags.reason),
    });
  }
}
