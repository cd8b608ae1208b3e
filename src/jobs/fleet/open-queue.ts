import { type Job, type JobsOptions, Queue } from 'bullmq';
import type { RedisClient } from '../../redis/client.ts';
import type { SignedPayload } from '../kinds/payload.ts';
import { type Keys, QUEUE_NAME } from '../redis/keys.ts';
import { DONE_JOBS, FAILED_JOBS } from '../redis/retention.ts';

/** A job of ours; its data must still be read by `signer.ts`, for anybody may write to a queue. */
export type FleetJob = Job<SignedPayload, unknown, string>;

/** Named by its job: a union of payloads would make BullMQ's types a union of jobs. */
export type FleetQueue = Queue<FleetJob, unknown, string>;

/**
 * Lower is sooner: for an interactive job an operator waits at a terminal (`ARCHITECTURE.md` §3.9), and for what is made
 * beforehand nobody does.
 */
export const PRIORITY = { interactive: 1, batch: 10, pool: 100 } as const;

/**
 * The number of tries is the payload's and is kept by the backoff strategy, so that it can change
 * while a job waits (`docs/bullmq.md` §5).
 */
export const JOB_OPTIONS: JobsOptions = {
  attempts: 1e9,
  backoff: { type: 'custom' },
  removeOnComplete: DONE_JOBS,
  removeOnFail: FAILED_JOBS,
};

export function openQueue(redis: RedisClient, keys: Keys): FleetQueue {
  const queue: FleetQueue = new Queue(QUEUE_NAME, {
    connection: redis,
    prefix: keys.bullPrefix,
    streams: { events: { maxLen: 1000 } },
  });
  // The connection reports its own errors; without a listener here one would end the process.
  queue.on('error', () => undefined);
  return queue;
}
