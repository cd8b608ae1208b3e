import { onAbort } from '../../couchdb/on-abort.ts';
import { toError } from '../../errors.ts';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type JobLook, lookAtJobs } from '../../jobs/queue/look-at-jobs.ts';
import type { Progress } from '../../jobs/queue/progress.ts';
import { HoldOver } from './hold.ts';

/** Whether a job that runs is far enough for whoever waits for it. */
export type IsEnough = (progress: Progress) => boolean;

/** Looks at all jobs that answers of this process wait for. */
export interface JobWatch {
  /**
   * Waits until a job has ended, is gone, or is far enough.
   * @throws the signal's reason; HoldOver `stopping`; what Redis has failed with for too long
   */
  until(jobId: string, isEnough: IsEnough, signal: AbortSignal): Promise<JobLook>;
  /** How many answers wait. */
  readonly waiting: number;
}

export interface JobWatchOptions {
  fleet(): Promise<Pick<Fleet, 'redis' | 'keys'>>;
  /** Aborted when the server closes: whoever waits is told so. */
  readonly stopping: AbortSignal;
  /** Milliseconds that Redis may be away before those who wait are told so. */
  readonly patienceMs?: number;
}

/** Milliseconds between two looks: nobody should notice the shorter one, and the longer one is for many jobs at once. */
const SHORTEST_MS = 100;
const LONGEST_MS = 1_000;
/** By which each job makes the time longer, so that their number does not decide how much Redis is asked. */
const MS_PER_JOB = 2;

/** A failover takes seconds; a client that repeats its request later finds the same job. */
const PATIENCE_MS = 15_000;

interface Waiter {
  readonly jobId: string;
  readonly isEnough: IsEnough;
  resolve(look: JobLook): void;
  reject(error: unknown): void;
}

/**
 * One look for all that wait, a round trip each time: two hundred answers that each asked by themselves would ask Redis
 * two thousand times a second. Nothing is asked while nobody waits. Events are no way to be told: they get lost
 * (`docs/bullmq.md` §11).
 */
export function createJobWatch({ fleet, stopping, patienceMs = PATIENCE_MS }: JobWatchOptions): JobWatch {
  const waiters = new Set<Waiter>();
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  let silentSince: number | undefined;

  stopping.addEventListener('abort', () => failAll(new HoldOver('stopping')), { once: true });

  function failAll(error: Error): void {
    for (const waiter of [...waiters]) waiter.reject(error);
  }

  function lookIn(ms: number): void {
    if (isLooking || timer !== undefined || waiters.size === 0) return;
    timer = setTimeout(() => void look(), ms);
  }

  async function look(): Promise<void> {
    timer = undefined;
    isLooking = true;
    const asked = [...waiters];
    const ids = [...new Set(asked.map(({ jobId }) => jobId))];
    try {
      const looks = await lookAtJobs(await fleet(), ids);
      silentSince = undefined;
      const byId = new Map(ids.map((id, at) => [id, looks[at]]));
      for (const waiter of asked) tell(waiter, byId.get(waiter.jobId));
    } catch (error) {
      silentSince ??= performance.now();
      if (performance.now() - silentSince >= patienceMs) failAll(toError(error));
    } finally {
      isLooking = false;
      lookIn(Math.min(SHORTEST_MS + MS_PER_JOB * ids.length, LONGEST_MS));
    }
  }

  return {
    get waiting() {
      return waiters.size;
    },

    async until(jobId, isEnough, signal) {
      signal.throwIfAborted();
      if (stopping.aborted) throw new HoldOver('stopping');
      return await new Promise<JobLook>((resolve, reject) => {
        const end = (): void => {
          waiters.delete(waiter);
          forgetSignal();
          if (waiters.size > 0) return;
          silentSince = undefined;
          clearTimeout(timer);
          timer = undefined;
        };
        const waiter: Waiter = {
          jobId,
          isEnough,
          resolve(found) {
            end();
            resolve(found);
          },
          reject(error) {
            end();
            reject(error);
          },
        };
        const forgetSignal = onAbort(signal, () => waiter.reject(signal.reason));
        waiters.add(waiter);
        lookIn(0);
      });
    },
  };
}

function tell(waiter: Waiter, look: JobLook | undefined): void {
  if (look === undefined) return;
  if (look.state === 'running' && !waiter.isEnough(look.progress)) return;
  waiter.resolve(look);
}
