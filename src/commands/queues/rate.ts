import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { currentActor } from '../../cli/terminal/actor.ts';
import { limitRate } from '../../jobs/queue/queue-controls.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { parseRate, rateText } from '../../operations/queue/queue-limits.ts';

export default class QueuesRate extends BaseCommand {
  static override summary = 'Limit how many jobs begin in a second or a minute';

  static override description =
    'Of all workers together, single commands included. Each begin counts, also that of a try after a failure and of a ' +
    'job that a worker hands back because a server is away.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> 5/s',
    '<%= config.bin %> <%= command.id %> 30/m --reason "CouchDB compacts"',
    '<%= config.bin %> <%= command.id %> none',
  ];

  static override args = {
    rate: Args.string({
      ignoreStdin: true,
      description: 'Jobs a second (5/s) or a minute (30/m), or none for no limit',
      required: true,
    }),
  };

  static override flags = { reason: reasonFlag };

  async run(): Promise<{ readonly rate: string | null }> {
    const { args, flags } = await this.parse(QueuesRate);
    const limit = parseRate(args.rate);
    const who = { by: currentActor(), reason: flags.reason ?? '', at: Date.now() };
    await withFleet(this.loadConfig(flags.config), (fleet) => limitRate(fleet, limit, who));
    this.log(limit === undefined ? 'Jobs begin without a limit.' : `Jobs begin at ${rateText(limit)}.`);
    return { rate: limit === undefined ? null : rateText(limit) };
  }
}
