import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { reasonFlag } from '../../cli/flags/reason-flag.ts';
import { currentActor } from '../../cli/terminal/actor.ts';
import { withFleet } from '../../operations/connect/with-fleet.ts';
import { drainWorker, undrainWorker } from '../../operations/queue/drain-worker.ts';
import { count } from '../../quantity-text.ts';

export default class WorkersDrain extends BaseCommand {
  static override summary = 'Have a worker take no further job';

  static override description =
    'It finishes those that run and stays, until it is told otherwise or ends. The order is looked at every 1.5 seconds.';

  static override examples = [
    '<%= config.bin %> <%= command.id %> 3f2a --reason "its machine is restarted"',
    '<%= config.bin %> <%= command.id %> 3f2a --undo',
  ];

  static override args = {
    worker: Args.string({
      ignoreStdin: true,
      description: 'Id of the worker, or how no other one begins',
      required: true,
    }),
  };

  static override flags = {
    reason: reasonFlag,
    undo: Flags.boolean({ summary: 'Have it take jobs again' }),
  };

  async run(): Promise<{ readonly id: string; readonly draining: boolean; readonly running: number }> {
    const { args, flags } = await this.parse(WorkersDrain);
    const { undo, reason = '' } = flags;
    const { id, running } = await withFleet(this.loadConfig(flags.config), (fleet) =>
      undo
        ? undrainWorker(fleet, args.worker)
        : drainWorker(fleet, args.worker, { by: currentActor(), reason, at: Date.now() }),
    );
    if (undo) this.log(`Worker ${id} takes jobs again.`);
    else {
      this.log(`Worker ${id} takes no further job and finishes those that run: ${count(running)} now.`);
      this.log(`Have it take jobs again: cozy-fleet workers drain ${id} --undo`);
    }
    return { id, draining: !undo, running };
  }
}
