import { BaseCommand } from '../../cli/base-command.ts';
import { resumeQueue } from '../../jobs/queue/queue-controls.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';

export default class QueuesResume extends BaseCommand {
  static override summary = 'Have the workers take jobs up again';

  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<{ readonly paused: false }> {
    const { flags } = await this.parse(QueuesResume);
    await withFleet(this.loadConfig(flags.config), resumeQueue);
    this.log('The queue is not paused.');
    return { paused: false };
  }
}
