import { BaseCommand } from '../../cli/base-command.ts';
import { queueLines } from '../../cli/jobs/queue-lines.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { type QueueStats, queueStats } from '../../operations/queue/queue-stats.ts';

export default class QueuesStats extends BaseCommand {
  static override summary = 'Show the queue as a whole: jobs, workers, limits, batches under way';

  static override description = 'Costs the same however many jobs there are.';

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  async run(): Promise<QueueStats> {
    const { flags } = await this.parse(QueuesStats);
    const stats = await withFleet(this.loadConfig(flags.config), queueStats);
    for (const line of queueLines(stats, Date.now())) this.log(line);
    return stats;
  }
}
