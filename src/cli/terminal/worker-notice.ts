import type { WorkerState } from '../../jobs/redis/worker-heartbeat.ts';
import { waitsOf } from '../../operations/batches/holds.ts';
import { oneLine } from '../../safe-text.ts';
import type { Output } from './output.ts';

export const START_A_WORKER = 'cozy-fleet workers start';

/** Says so when no worker is there to do what was queued, or those that are there wait for something. */
export function noteWorkers(workers: readonly WorkerState[], { note }: Pick<Output, 'note'>): void {
  if (workers.length === 0) {
    note(`No worker is running, so nothing is done yet. Start one: ${START_A_WORKER}`);
    return;
  }
  const waiting = waitsOf(workers).map(oneLine);
  if (waiting.length > 0) note(`The workers wait for ${waiting.join(' and ')}.`);
}
