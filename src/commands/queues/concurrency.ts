import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { currentActor } from '../../cli/terminal/actor.ts';
import { limitConcurrency } from '../../jobs/queue/queue-controls.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { parseConcurrency } from '../../operations/queue/queue-limits.ts';
import { count } from '../../quantity-text.ts';

export default class QueuesConcurrency extends BaseCommand {
  static override summary = 'Limit how many jobs run at a time in all workers together';

  static override description = 'What runs already goes on. It holds for single commands, too.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> 20',
    '<%= config.bin %> <%= command.id %> none',
  ];

  static override args = {
    most: Args.string({
      ignoreStdin: true,
      description: 'Jobs at a time, or none for no limit',
      required: true,
    }),
  };

  static override flags = { reason: reasonFlag };

  async run(): Promise<{ readonly concurrency: number | null }> {
    const { args, flags } = await this.parse(QueuesConcurrency);
    const most = parseConcurrency(args.most);
    const who = { by: currentActor(), reason: flags.reason ?? '', at: Date.now() };
    await withFleet(this.loadConfig(flags.config), (fleet) => limitConcurrency(fleet, most, who));
    this.log(
      most === undefined
        ? 'As many jobs run at a time as the workers have slots.'
        : `At most ${count(most)} jobs run at a time.`,
    );
    return { concurrency: most ?? null };
  }
}
