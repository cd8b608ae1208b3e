import type { Fleet } from '../jobs/fleet.ts';
import { listWorkers, type WorkerState } from '../jobs/worker-list.ts';
import type { Output } from './output.ts';
import { oneLine } from './terminal-text.ts';

export const START_A_WORKER = 'cozy-fleet workers start';

/** Says so when nobody is there to do the work, or those who are wait for something. */
export async function noteIdleWorkers({ redis, keys }: Fleet, output: Output): Promise<void> {
  const workers = await listWorkers(redis, keys);
  if (workers.length === 0) {
    output.note(`No worker is running, so nothing is done yet. Start one: ${START_A_WORKER}`);
    return;
  }
  const waiting = waitsOf(workers);
  if (waiting.length > 0) output.note(`The workers wait for ${waiting.join(' and ')}.`);
}

/** What workers wait for, each once. */
export function waitsOf(workers: readonly WorkerState[]): string[] {
  return [...new Set(workers.map(({ waitsFor }) => oneLine(waitsFor)).filter((name) => name !== ''))];
}
