import { FleetError } from '../errors.ts';

/** Another worker may have this job by now: stop at once, touch nothing. */
export class LostLock extends FleetError {
  constructor() {
    super('lost_lock', "this worker lost the job's lock");
  }
}

/** The time for which a job is surely ours. */
export interface Lease {
  /** To be called right before anything that destroys. @throws LostLock */
  assertHeld(): void;
}

export interface RenewedLease extends Lease {
  /** Aborted with LostLock as soon as the loss is noticed. */
  readonly lost: AbortSignal;
  stop(): void;
}

export interface LeaseOptions {
  /** Milliseconds a renewal lasts. */
  readonly duration: number;
  /** @returns whether the lock is still ours and was extended */
  renew(): Promise<boolean>;
  /** Milliseconds on a clock that never jumps. */
  now?(): number;
}

/** Renewals in the time one lasts. */
const RENEWALS = 3;

/**
 * Keeps a job's lock. BullMQ's own renewal goes by job id, so that a worker that slept and ran on
 * would stop the renewal of its successor in the same process (`docs/bullmq.md` §4).
 */
export function holdLease({ duration, renew, now = () => performance.now() }: LeaseOptions): RenewedLease {
  const lost = new AbortController();
  let heldUntil = now() + duration;

  async function beat(): Promise<void> {
    const asked = now();
    try {
      // Counted from before the request: Redis may have extended it any time after.
      if (await renew()) heldUntil = asked + duration;
      else lost.abort(new LostLock());
    } catch {
      // Redis is away. The lock lasts until it runs out; `assertHeld` goes by the clock.
    }
  }

  const timer = setInterval(() => void beat(), duration / RENEWALS);
  return {
    lost: lost.signal,
    stop: () => clearInterval(timer),
    assertHeld() {
      if (!lost.signal.aborted && now() < heldUntil) return;
      const error = new LostLock();
      lost.abort(error);
      throw error;
    },
  };
}
