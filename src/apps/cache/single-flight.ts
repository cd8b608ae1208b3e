interface Flight<T> {
  readonly landing: Promise<T>;
  readonly controller: AbortController;
  waiters: number;
}

/**
 * Work that is done once for all callers that ask for it at the same time. A caller that is aborted leaves the others
 * waiting; the work itself is aborted when no caller is left.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();
  readonly #running = new Set<Promise<T>>();

  /** @throws what the work throws, or the signal's reason */
  async run(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.waiters += 1;
    try {
      return await orAborted(flight.landing, signal);
    } finally {
      flight.waiters -= 1;
      if (flight.waiters === 0 && signal.aborted) {
        this.#end(key, flight);
        flight.controller.abort(signal.reason);
      }
    }
  }

  /** Resolves when the work that is under way has ended: also what was aborted may still be cleaning up. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const landing = work(controller.signal);
    const flight: Flight<T> = { landing, controller, waiters: 0 };
    const end = (): void => {
      this.#running.delete(landing);
      this.#end(key, flight);
    };
    this.#running.add(landing);
    this.#flights.set(key, flight);
    landing.then(end, end);
    return flight;
  }

  #end(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}

/** Answers that are good for a while; asked for once at a time, and never kept when they are errors. */
export class TtlCache<T> {
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #answers = new Map<string, { readonly answer: T; readonly until: number }>();
  readonly #asking = new SingleFlight<T>();

  /**
   * @param ttlMs for which an answer is good, in milliseconds
   * @param now milliseconds since 1970
   */
  constructor(ttlMs: number, now: () => number) {
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  /** @param ask called when no recent answer is there */
  async get(key: string, ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const known = this.#answers.get(key);
    if (known !== undefined && known.until > this.#now()) return known.answer;
    return await this.#asking.run(
      key,
      async (shared) => {
        const answer = await ask(shared);
        this.#removeOld();
        this.#answers.set(key, { answer, until: this.#now() + this.#ttlMs });
        return answer;
      },
      signal,
    );
  }

  /** Resolves when no question is under way. */
  async idle(): Promise<void> {
    await this.#asking.idle();
  }

  #removeOld(): void {
    const now = this.#now();
    for (const [key, { until }] of this.#answers) if (until <= now) this.#answers.delete(key);
  }
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}
