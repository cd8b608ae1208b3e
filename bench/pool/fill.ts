import type { CouchServer } from '../../src/couchdb/server.ts';
import { createPoolStore } from '../../src/instances/pool/pool-store.ts';
import type { KeyedFleet } from '../../src/jobs/fleet/fleet.ts';
import { enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { endOf } from './job-end.ts';

/**
 * Has a worker fill the pool, at any hour, and waits until so many items are ready.
 * @throws when it is not full then
 */
export async function fillPool(
  fleet: KeyedFleet,
  couch: CouchServer,
  to: number,
  signal: AbortSignal,
): Promise<void> {
  const work = { kind: 'fill-pool', cluster: 0, to, anytime: true } as const;
  const { jobId } = await enqueueJob(fleet, { work, tries: 1 });
  await endOf(fleet, jobId, signal);
  const { items } = await createPoolStore(couch).list(signal);
  const ready = items.filter(({ state }) => state === 'ready').length;
  if (ready < to) throw new Error(`the pool is not full: ${ready} of ${to} items are ready`);
}
