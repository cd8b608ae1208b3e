import { Worker } from 'bullmq';
import type { FleetJob } from '../jobs/fleet/open-queue.ts';

/**
 * Looks for work at least once a second. BullMQ waits up to ten where it knows of a delayed job, as it always does while rows wait at
 * the gate, and a job with a priority that was handed back wakes nobody (`docs/bullmq.md` §1).
 */
export class QueueWorker extends Worker<FleetJob['data'], unknown, string> {
  override get maximumBlockTimeout(): number {
    return 1;
  }
}
