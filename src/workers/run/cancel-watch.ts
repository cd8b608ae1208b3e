import { FleetError, toError } from '../../errors.ts';
import { readCancels } from '../../jobs/queue/cancellations.ts';
import type { Keys } from '../../jobs/redis/keys.ts';
import { duplicateClient, type RedisClient } from '../../redis/client.ts';

/** An operator, or the end of its batch, stopped this job. */
export class Cancelled extends FleetError {
  constructor(by: string) {
    super('cancelled', `cancelled by ${by}`);
  }
}

/** How often flags are looked at: a published cancellation can be lost, a flag cannot (`ARCHITECTURE.md` §3.9). */
const SWEEP_INTERVAL_MS = 1_000;

export interface JobWatch {
  /** Aborted with Cancelled when that job is to be stopped. */
  readonly signal: AbortSignal;
  /** Resolves when a cancellation from before the watch would have been seen. */
  readonly looked: Promise<void>;
  done(): void;
}

export interface CancelWatch {
  watch(jobId: string): JobWatch;
  stop(): void;
}

/** Watches for cancellations of the jobs that run in this process. */
export async function createCancelWatch(
  redis: RedisClient,
  keys: Keys,
  onError: (error: Error) => void,
): Promise<CancelWatch> {
  const running = new Map<string, AbortController>();

  async function sweep(ids: readonly string[]): Promise<void> {
    const wanted = await readCancels(redis, keys, ids);
    for (const [at, by] of wanted.entries()) {
      if (by !== null) running.get(ids[at] ?? '')?.abort(new Cancelled(by));
    }
  }
  const sweepAll = () => sweep([...running.keys()]).catch((error) => onError(toError(error)));

  const subscriber = duplicateClient(redis);
  subscriber.on('error', onError);
  subscriber.on('message', () => void sweepAll());
  await subscriber.subscribe(keys.cancelChannel);
  const timer = setInterval(() => void sweepAll(), SWEEP_INTERVAL_MS);

  return {
    watch(jobId) {
      const controller = new AbortController();
      running.set(jobId, controller);
      return {
        signal: controller.signal,
        looked: sweep([jobId]),
        done: () => {
          if (running.get(jobId) === controller) running.delete(jobId);
        },
      };
    },
    stop() {
      clearInterval(timer);
      subscriber.disconnect();
    },
  };
}
