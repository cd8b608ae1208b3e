import type { FleetJob } from '../../jobs/fleet/open-queue.ts';
import { lateFor } from '../../jobs/queue/late-for.ts';
import type { Keys } from '../../jobs/redis/keys.ts';
import { pause } from '../../pause.ts';
import type { RedisClient } from '../../redis/client.ts';

export interface OutlastOptions {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly job: FleetJob;
  readonly signal: AbortSignal;
  /** Milliseconds a lock lasts: longer is not waited, whatever Redis says. */
  readonly mostMs: number;
}

/**
 * Waits for as long as the lock of a worker would have lasted that died with the job. What it had sent before is carried out,
 * perhaps late, held up by a proxy or by a busy server: an instance must not be gone, and its domain be free for another one,
 * while deletions of its databases may be on their way. Takes no time in the life of other jobs.
 * @throws the signal's reason
 */
export async function outlastDead({ redis, keys, job, signal, mostMs }: OutlastOptions): Promise<void> {
  if (job.stalledCounter === 0) return;
  const left = await lateFor({ redis, keys }, job.id ?? '');
  if (left > 0) await pause(Math.min(left, mostMs), signal);
}
