import { type Processor, Worker, type WorkerOptions } from 'bullmq';
import type { FleetJob } from '../jobs/fleet/open-queue.ts';
import { QUEUE_NAME } from '../jobs/redis/keys.ts';

/** BullMQ's worker, with what ours do otherwise. */
export class QueueWorker extends Worker<FleetJob['data'], unknown, string> {
  /** BullMQ makes the tokens of locks of it: a lock tells by that whose it is. */
  override readonly id: string;

  constructor(
    id: string,
    processor: Processor<FleetJob['data'], unknown, string>,
    options: WorkerOptions & { readonly autorun: false },
  ) {
    super(QUEUE_NAME, processor, options);
    this.id = id;
  }

  /**
   * Looks for work at least once a second. BullMQ waits up to ten where it knows of a delayed job, as it always does while rows wait at
   * the gate, and a job with a priority that was handed back wakes nobody (`docs/bullmq.md` §1).
   */
  override get maximumBlockTimeout(): number {
    return 1;
  }

  /** Has stalled jobs taken up that are known to be stalled, whoever looked for them a moment ago. */
  async takeUpStalled(): Promise<void> {
    await this.getBackend().moveStalledJobsToWait();
  }
}
