import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { type FlagsAnswer, showOrChangeFlags } from '../../cli/instances/show-or-change-flags.ts';
import { currentAuthor } from '../../cli/terminal/actor.ts';
import { parseDefaultFlags } from '../../operations/features/parse-flag-changes.ts';

export default class FeaturesDefaults extends BaseCommand {
  static override summary = 'Show the default feature flags, or set some';

  static override description =
    'They hold for every instance of the platform for which no other source has the flag. Given flags are merged: null takes one away, others stay.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    `<%= config.bin %> <%= command.id %> '{"drive.beta":false,"old":null}' --dry-run`,
    `<%= config.bin %> <%= command.id %> '{"drive.beta":false,"old":null}'`,
  ];

  static override args = {
    flags: Args.string({ ignoreStdin: true, description: 'Flags to set, as JSON; null takes one away' }),
  };

  static override flags = {
    reason: reasonFlag,
    'dry-run': Flags.boolean({ summary: 'Show what they would be then, and change nothing' }),
  };

  async run(): Promise<FlagsAnswer> {
    const { args, flags } = await this.parse(FeaturesDefaults);
    const patch = args.flags === undefined ? undefined : parseDefaultFlags(args.flags);
    const { output } = this;
    const config = this.loadConfig(flags.config);
    return await showOrChangeFlags({
      config,
      output,
      scope: 'defaults',
      patch,
      dryRun: flags['dry-run'],
      author: currentAuthor(flags.reason),
    });
  }
}
