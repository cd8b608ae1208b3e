import { setTimeout as sleep } from 'node:timers/promises';
import { FleetError, InputError } from '../../errors.ts';
import type { Batch } from '../../jobs/batches.ts';
import type { Fleet } from '../../jobs/fleet.ts';
import { listWorkers, type WorkerState } from '../../jobs/worker-list.ts';
import type { BatchDisplay } from './batch-display.ts';
import { endedRows } from './batch-state.ts';
import { createRate } from './rate.ts';

/** Milliseconds between two looks at a batch; each costs Redis the same, whatever its size (`ARCHITECTURE.md` §5). */
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
  let wasThere = false;

  /** One that was there and is not any more is no mistake of the operator's. */
  async function find(): Promise<Batch> {
    try {
      const batch = await fleet.batches.get(id);
      wasThere = true;
      return batch;
    } catch (error) {
      if (!wasThere || !(error instanceof InputError)) throw error;
      throw new FleetError(
        'lost_batch',
        `Redis has lost batch ${id}`,
        'Submit the same again: what was made is skipped, what was left half-made goes on.',
      );
    }
  }

  return {
    async look() {
      const now = performance.now();
      if (now - workersAt >= WORKERS_EVERY) {
        workers = await listWorkers(fleet.redis, fleet.keys);
        workersAt = now;
      }
      const batch = await find();
      rate.add(endedRows(batch), now);
      display.show({ batch, workers, rate: rate.perSecond });
      return batch;
    },
  };
}

/**
 * Follows a batch until its end, or until nobody waits any more; the batch goes on then.
 * @throws InputError `unknown_batch`, FleetError `lost_batch` when Redis forgets it meanwhile
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
