/** What is held for a time, and for longer only by being renewed in time. */
export interface RenewalOptions {
  /** Milliseconds that it lasts from a renewal, or from `since`. */
  readonly durationMs: number;
  /**
   * Renews it.
   * @returns false when it belongs to another holder by now; what is thrown (a server that is away) leaves it as it
   *   is: it lasts until it runs out
   */
  renew(): Promise<boolean>;
  /** The reason with which `lost` is aborted. */
  loss(): Error;
  /** Whether `lost` is also aborted at the moment when it runs out; otherwise only `isHeld` tells. */
  readonly isLostByClock: boolean;
  /** When it was asked for, on the clock of `now`; absent = now. */
  readonly since?: number;
  /** Milliseconds on a clock that never jumps. */
  now?(): number;
}

export interface LeaseRenewal {
  /** Aborted with `loss()` as soon as the loss is noticed; once lost it stays lost. */
  readonly lost: AbortSignal;
  /** Whether it is surely ours at this moment; when not, it counts as lost. */
  isHeld(): boolean;
  /** Ends the renewals. @returns when none is under way any more */
  stop(): Promise<void>;
}

/** Renewals in the time one lasts. */
export const RENEWALS = 3;

/** Renews a lease, a lock or a claim three times in its duration, until it is stopped. */
export function renewLease(options: RenewalOptions): LeaseRenewal {
  const { durationMs, renew, loss, isLostByClock, now = () => performance.now() } = options;
  const lost = new AbortController();
  let heldUntil = (options.since ?? now()) + durationMs;
  let expiry: NodeJS.Timeout | undefined;
  let isStopped = false;
  let renewing = Promise.resolve();

  function lose(): void {
    if (!lost.signal.aborted) lost.abort(loss());
  }

  function watchClock(): void {
    if (!isLostByClock) return;
    clearTimeout(expiry);
    expiry = setTimeout(lose, heldUntil - now());
  }

  async function beat(): Promise<void> {
    const asked = now();
    try {
      const isOurs = await renew();
      if (isStopped) return;
      if (!isOurs) return lose();
      // Counted from before the request: the server may have extended it at any time since.
      heldUntil = asked + durationMs;
      watchClock();
    } catch {
      // The server is away. The lease lasts until it runs out.
    }
  }

  watchClock();
  const timer = setInterval(() => {
    renewing = beat();
  }, durationMs / RENEWALS);
  return {
    lost: lost.signal,
    isHeld() {
      if (now() >= heldUntil) lose();
      return !lost.signal.aborted;
    },
    async stop() {
      isStopped = true;
      clearInterval(timer);
      clearTimeout(expiry);
      await renewing;
    },
  };
}
