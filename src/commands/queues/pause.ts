import { BaseCommand } from '../../cli/base-command.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { currentActor } from '../../cli/terminal/actor.ts';
import { pauseQueue } from '../../jobs/queue/queue-controls.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';

export default class QueuesPause extends BaseCommand {
  static override summary = 'Have no worker take a job up until the queue is resumed';

  static override description =
    'What runs goes on. Jobs can still be queued, single commands included: they wait.';

  static override examples = ['<%= config.bin %> <%= command.id %> --reason "CouchDB is upgraded"'];

  static override flags = { reason: reasonFlag };

  async run(): Promise<{ readonly paused: true; readonly by: string; readonly reason: string }> {
    const { flags } = await this.parse(QueuesPause);
    const { reason = '' } = flags;
    const by = currentActor();
    await withFleet(this.loadConfig(flags.config), (fleet) =>
      pauseQueue(fleet, { by, reason, at: Date.now() }),
    );
    this.log('The queue is paused: what runs goes on, and nothing else is taken up.');
    this.log('Go on with it later: cozy-fleet queues resume');
    return { paused: true, by, reason };
  }
}
