import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch } from '../../jobs/batches.ts';
import type { Fleet } from '../../jobs/fleet.ts';
import { listWorkers, type WorkerState } from '../../jobs/worker-list.ts';
import type { BatchDisplay } from './batch-display.ts';
import { endedRows } from './batch-state.ts';
import { createRate } from './rate.ts';

/** Milliseconds between two looks at a batch; each costs Redis the same, whatever its size (design §5). */
const LOOK_EVERY = 250;

/** Milliseconds between two looks at the workers, which cost more the more there are. */
const WORKERS_EVERY = 5_000;

/** Looks at a batch and shows it. */
export interface BatchFollower {
  look(): Promise<Batch>;
}

export function createFollower(fleet: Fleet, id: string, display: BatchDisplay): BatchFollower {
  const rate = createRate();
  let workers: readonly WorkerState[] = [];
  let workersAt = Number.NEGATIVE_INFINITY;

  return {
    async look() {
      const now = performance.now();
      if (now - workersAt >= WORKERS_EVERY) {
        workers = await listWorkers(fleet.redis, fleet.keys);
        workersAt = now;
      }
      const batch = await fleet.batches.get(id);
      rate.add(endedRows(batch), now);
      display.show({ batch, workers, rate: rate.perSecond });
      return batch;
    },
  };
}

/**
 * Follows a batch until its end, or until nobody waits any more; the batch goes on then.
 * @throws InputError `unknown_batch`
 */
export async function followBatch(
  follower: BatchFollower,
  display: BatchDisplay,
  signal: AbortSignal,
): Promise<Batch> {
  try {
    for (;;) {
      const batch = await follower.look();
      if (batch.endedAt !== undefined || signal.aborted) return batch;
      try {
        await sleep(LOOK_EVERY, undefined, { signal });
      } catch {
        // Aborted: one last look.
      }
    }
  } finally {
    display.end();
  }
}
