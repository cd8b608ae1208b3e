/** Counts attempts by client, within one process. */
export interface AttemptLimit {
  /** Counts one, unless there were too many of late. @returns false when this one must not be made */
  begin(client: string): boolean;
  /** Takes the last one back: it was not wrong. */
  forgive(client: string): void;
}

export interface AttemptLimitOptions {
  /** Attempts of one client within a window. */
  readonly attempts: number;
  /** Milliseconds, from the first attempt on. */
  readonly windowMs: number;
  /** Clients that are remembered; the oldest is forgotten for a new one. */
  readonly clients: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

interface Window {
  readonly since: number;
  count: number;
}

export function createAttemptLimit(options: AttemptLimitOptions): AttemptLimit {
  const { attempts, windowMs, clients, now = () => performance.now() } = options;
  // A map keeps the order in which its keys came: the first one is the oldest.
  const windows = new Map<string, Window>();

  function windowOf(client: string): Window {
    const known = windows.get(client);
    if (known !== undefined && now() - known.since < windowMs) return known;
    windows.delete(client);
    const [oldest] = windows.keys();
    if (windows.size >= clients && oldest !== undefined) windows.delete(oldest);
    const fresh: Window = { since: now(), count: 0 };
    windows.set(client, fresh);
    return fresh;
  }

  return {
    begin(client) {
      const window = windowOf(client);
      if (window.count >= attempts) return false;
      window.count += 1;
      return true;
    },
    forgive(client) {
      const window = windows.get(client);
      if (window !== undefined && window.count > 0) window.count -= 1;
    },
  };
}
