import { FleetError, InputError } from '../../errors.ts';
import type { Batch } from '../../jobs/batches/batches.ts';
import { waitsAfterCanary } from '../../jobs/batches/hold-of.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type Controlled, readControls } from '../../jobs/queue/queue-controls.ts';
import { type Bell, type BellOptions, createBell } from '../../jobs/redis/bell.ts';
import { listWorkers, type WorkerState } from '../../jobs/redis/worker-heartbeat.ts';
import { type BatchDetail, batchDetail } from './batch-detail.ts';
import { endedRows } from './batch-state.ts';
import { type Hold, holdsOf } from './holds.ts';
import { createRate } from './rate.ts';

/** How often a batch is looked at; each look costs Redis the same, whatever its size (`ARCHITECTURE.md` §5). */
const PACE: BellOptions = { deafMs: 250, quietMs: 1_000, restMs: 250 };

/** Milliseconds between two looks at the workers, which cost more the more there are, and at the queue as a whole. */
const WORKERS_MS = 3_000;

/** Milliseconds between two looks at its jobs. */
const DETAIL_MS = 1_000;

/** What is known of a batch while it runs. */
export interface BatchView extends BatchDetail {
  readonly batch: Batch;
  readonly workers: readonly WorkerState[];
  /** Rows that end per second; undefined until it can be told. */
  readonly rate: number | undefined;
  /** What keeps it from going on. */
  readonly holds: readonly Hold[];
}

/** Looks at a batch and tells what it sees. */
export interface BatchFollower {
  look(): Promise<Batch>;
  /** Tells when it is worth another look; to be closed. */
  listen(): Bell;
}

export function createFollower(fleet: Fleet, id: string, onView: (view: BatchView) => void): BatchFollower {
  const rate = createRate();
  let workers: readonly WorkerState[] = [];
  let queuePause: Controlled | undefined;
  let workersAt = Number.NEGATIVE_INFINITY;
  let detail: BatchDetail = { activeByStage: [], oldestWaitingMs: undefined, waits: [] };
  let detailAt = Number.NEGATIVE_INFINITY;
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
      if (now - workersAt >= WORKERS_MS) {
        [workers, { paused: queuePause }] = await Promise.all([
          listWorkers(fleet.redis, fleet.keys),
          readControls(fleet),
        ]);
        workersAt = now;
      }
      const batch = await find();
      rate.add(endedRows(batch), now);
      if (batch.endedAt !== undefined || now - detailAt >= DETAIL_MS) {
        detail = await batchDetail(fleet, batch, Date.now());
        detailAt = now;
      }
      const holds = holdsOf(batch, workers, queuePause, detail.waits);
      onView({ batch, workers, rate: rate.perSecond, ...detail, holds });
      return batch;
    },
    listen: () => createBell(fleet.redis, fleet.keys.rowsChannel(id), PACE),
  };
}

/**
 * Follows a batch until its end, until its canary has ended, which somebody has to look at, or until the signal; the batch goes
 * on then.
 * @throws InputError `unknown_batch`, FleetError `lost_batch` when Redis forgets it meanwhile
 */
export async function followBatch(follower: BatchFollower, signal: AbortSignal): Promise<Batch> {
  const bell = follower.listen();
  try {
    for (;;) {
      const { aborted } = signal;
      const batch = await follower.look();
      if (batch.endedAt !== undefined || aborted || waitsAfterCanary(batch)) return batch;
      await bell.rung(signal);
    }
  } finally {
    bell.close();
  }
}
