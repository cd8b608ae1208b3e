import type { RedisClient } from '../../redis/client.ts';
import type { Keys } from '../redis/keys.ts';
import type { Batches, NewBatch } from './batches.ts';

/** How long a command counts as still adding rows after its last sign of life. */
const OPEN_MS = 60_000;

/** Rows that are being added to a batch. */
export interface Submission {
  /** No further row will come. */
  close(): Promise<void>;
}

/** Of the fleet, where batches are kept. */
interface BatchStore {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly batches: Batches;
}

/**
 * Shows that rows of a batch are still to come: without such a sign, those that are not there count as lost
 * (`workers/recovery/missing-rows.ts`). What is known of the batch itself is written again where it is missing: a
 * failover of Redis can forget it while its rows go on coming.
 */
export async function openSubmission(
  { redis, keys, batches }: BatchStore,
  batchId: string,
  batch: NewBatch,
): Promise<Submission> {
  const createdAt = Date.now();
  const sign = async (): Promise<void> => {
    await redis.set(keys.submitting(batchId), '1', 'PX', OPEN_MS);
    await batches.restore(batchId, batch, createdAt);
  };
  await sign();
  const timer = setInterval(() => void sign().catch(() => undefined), OPEN_MS / 4);
  return {
    async close() {
      clearInterval(timer);
      await sign();
      await redis.del(keys.submitting(batchId));
    },
  };
}

/** Whether a command is adding rows to that batch. */
export async function isBeingSubmitted(
  { redis, keys }: Pick<BatchStore, 'redis' | 'keys'>,
  batchId: string,
): Promise<boolean> {
  return (await redis.exists(keys.submitting(batchId))) === 1;
}
