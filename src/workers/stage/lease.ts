import { FleetError } from '../../errors.ts';
import { renewLease } from '../../renew-lease.ts';

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

/**
 * Keeps a job's lock. BullMQ's own renewal goes by job id, so that a worker that slept and ran on
 * would stop the renewal of its successor in the same process (`docs/bullmq.md` §4).
 */
export function holdLease({ duration, renew, now }: LeaseOptions): RenewedLease {
  const renewal = renewLease({
    durationMs: duration,
    renew,
    loss: () => new LostLock(),
    isLostByClock: false,
    ...(now && { now }),
  });
  return {
    lost: renewal.lost,
    stop: () => void renewal.stop(),
    assertHeld() {
      if (!renewal.isHeld()) throw new LostLock();
    },
  };
}
