import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type BatchLooker, createBatchLooker } from '../../operations/batches/batch-snapshot.ts';

/** Batches whose last look is remembered. */
const MOST_LOOKERS = 100;

/**
 * Who looks at a batch, shared by all who ask for it: what takes long to count is counted once for streams, programs that
 * ask again and again, and pages.
 */
export interface BatchLookers {
  of(fleet: Fleet, id: string): BatchLooker;
}

/** Forgets the one that was asked for longest ago, when there are too many. */
export function createBatchLookers(most = MOST_LOOKERS): BatchLookers {
  const lookers = new Map<string, BatchLooker>();
  return {
    of(fleet, id) {
      const looker = lookers.get(id) ?? createBatchLooker(fleet, id);
      lookers.delete(id);
      lookers.set(id, looker);
      const [oldest] = lookers.keys();
      if (lookers.size > most && oldest !== undefined) lookers.delete(oldest);
      return looker;
    },
  };
}
