import type { Config } from '../../config/config.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { withKeyedFleet } from '../../operations/connect/with-fleet.ts';
import type { PreparedBatch } from '../../operations/instances/prepared-batch.ts';
import type { WorkOptions } from '../flags/work-flags.ts';
import { currentActor } from '../terminal/actor.ts';
import type { CommandResult } from '../terminal/exit-codes.ts';
import { withInterrupt } from '../terminal/interrupt.ts';
import type { Output } from '../terminal/output.ts';
import { batchPrinter, type NothingQueued, printBatchResult, type StartedBatch } from './print-batch.ts';

/** Where a command's batch runs, and where it is shown. */
export interface BatchCommand {
  readonly config: Config;
  readonly global: CouchServer;
  readonly output: Output;
  /** Whether `--json` was given. */
  readonly json: boolean;
}

/**
 * Runs a batch that was prepared, once it was confirmed, and shows it; no batch where no instance is meant.
 * @param confirm asks, where somebody has to be asked; answers the number of instances that was typed
 */
export async function runPrepared(
  { config, global, output, json }: BatchCommand,
  prepared: PreparedBatch,
  { async, waitMs, ...naming }: WorkOptions,
  confirm: () => Promise<number | undefined> = async () => undefined,
): Promise<CommandResult<StartedBatch | NothingQueued>> {
  try {
    if (prepared.total === 0) {
      output.line(`No instance is meant ${prepared.described}.`);
      return besidePassedOver({ answer: { queued: 0 }, outcome: 'done' }, prepared);
    }
    const typed = await confirm();
    const howeverMany = naming.howeverMany ?? typed;
    const result = await withKeyedFleet(config, global, (fleet) =>
      withInterrupt((signal) => {
        const options = { actor: currentActor(), async, waitMs, signal };
        const { notify = config.fleet.notify } = naming;
        return prepared.run(
          fleet,
          { ...naming, notify, howeverMany },
          options,
          batchPrinter(output, async || json),
        );
      }),
    );
    return besidePassedOver(printBatchResult(result, output), prepared);
  } finally {
    await prepared.close();
  }
}

/** Where all that was begun is well, that others were passed over is to be told still. */
export function besidePassedOver<Answer>(
  result: CommandResult<Answer>,
  { passedOver }: Pick<PreparedBatch, 'passedOver'>,
): CommandResult<Answer> {
  return result.outcome === 'done' && passedOver > 0 ? { ...result, outcome: 'partlyFailed' } : result;
}
