import type { PreparedBatch } from '../../operations/instances/prepared-batch.ts';
import type { WorkOptions } from '../flags/work-flags.ts';
import type { CommandResult } from '../terminal/exit-codes.ts';
import type { NothingQueued, StartedBatch } from './print-batch.ts';
import { type PlanAnswer, type PlanCommand, planPrepared } from './print-plan.ts';
import { type BatchCommand, runPrepared } from './run-prepared.ts';

/** Where a batch runs, or what would become of it is shown, and how it was ordered. */
export interface OrderedBatch extends Pick<PlanCommand, 'config' | 'couch' | 'output' | 'live'> {
  readonly json: BatchCommand['json'];
  readonly work: WorkOptions;
  /** `--dry-run` and `--plan-file`. */
  readonly look: { readonly 'dry-run': boolean; readonly 'plan-file'?: string | undefined };
}

/** Shows what a batch that was prepared would do, where only that is wanted, and else runs it (`runPrepared`). */
export async function planOrRun(
  { config, couch, output, live, json, work, look }: OrderedBatch,
  prepared: PreparedBatch,
  confirm: () => Promise<number | undefined>,
): Promise<CommandResult<StartedBatch | NothingQueued | PlanAnswer>> {
  if (look['dry-run']) {
    const planning = { config, couch, output, live, file: look['plan-file'], naming: work };
    return await planPrepared(planning, prepared);
  }
  return await runPrepared({ config, global: couch.global, output, json }, prepared, work, confirm);
}
