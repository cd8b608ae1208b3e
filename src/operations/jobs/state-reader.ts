import { InputError } from '../../errors.ts';
import { holdOf } from '../../jobs/batches/hold-of.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { FleetJob } from '../../jobs/fleet/open-queue.ts';
import { isParked } from '../../jobs/gate/parked.ts';
import { jobFacts, jobState, type ShownState } from './job-facts.ts';

/**
 * Tells where jobs are as it is shown: one that waits is `held` where something holds its batch back. Each batch is looked at
 * once: a reader is for one list.
 * @param now milliseconds since 1970
 */
export function createStateReader(
  { batches }: Pick<Fleet, 'batches'>,
  now = Date.now(),
): (job: FleetJob) => Promise<ShownState> {
  const looked = new Map<string, Promise<boolean>>();

  async function isHeld(batchId: string): Promise<boolean> {
    try {
      return holdOf(await batches.get(batchId), now) !== undefined;
    } catch (error) {
      // One that Redis has forgotten holds nothing.
      if (error instanceof InputError) return false;
      throw error;
    }
  }

  return async (job) => {
    const state = await jobState(job);
    if (state !== 'waiting' || !isParked(job)) return state;
    const { batch } = jobFacts(job, state);
    if (batch === undefined) return state;
    const held = looked.get(batch.id) ?? isHeld(batch.id);
    looked.set(batch.id, held);
    return (await held) ? 'held' : state;
  };
}
