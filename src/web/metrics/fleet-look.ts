import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type EndedJobs, endedJobs } from '../../jobs/queue/ended-jobs.ts';
import { type PoolLook, readPoolLook } from '../../jobs/queue/pool-hints.ts';
import { lookAtQueue, type QueueLook } from '../../operations/queue/queue-stats.ts';
import { createSharedLook, type SharedLook } from '../../shared-look.ts';

/** What is asked of Redis for metrics and health. */
export interface FleetLook extends QueueLook {
  readonly ended: readonly EndedJobs[];
  /** How workers have found the pool; undefined where none has looked. */
  readonly pool: PoolLook | undefined;
}

/** Milliseconds after which a Redis without an answer counts as away. */
const TIMEOUT_MS = 2_000;

/**
 * @param open the fleet, opened where it is not yet
 * @param freshMs how long what was found counts for whoever asks next, in milliseconds
 */
export function createFleetLook(open: () => Promise<Fleet>, freshMs = 0): SharedLook<FleetLook> {
  return createSharedLook(
    async () => {
      const fleet = await open();
      const [look, ended, pool] = await Promise.all([
        lookAtQueue(fleet),
        endedJobs(fleet.redis, fleet.keys),
        readPoolLook(fleet),
      ]);
      return { ...look, ended, pool };
    },
    freshMs,
    TIMEOUT_MS,
  );
}
