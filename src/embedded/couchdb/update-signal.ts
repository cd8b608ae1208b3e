/** Tells those who wait on a database that it was written to or deleted. */
export class UpdateSignal {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Starts to listen now, so that nothing between this call and `wait` is missed. */
  listen(name: string): { wait(milliseconds: number): Promise<void>; stop(): void } {
    let resolve = (): void => {};
    const promise = new Promise<void>((fulfil) => {
      resolve = fulfil;
    });
    const listeners = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, listeners.add(resolve));
    const stop = (): void => {
      listeners.delete(resolve);
      if (listeners.size === 0 && this.#waiting.get(name) === listeners) this.#waiting.delete(name);
      resolve();
    };
    const wait = async (milliseconds: number): Promise<void> => {
      const timer = setTimeout(resolve, milliseconds);
      await promise;
      clearTimeout(timer);
    };
    return { wait, stop };
  }

  /** Wakes whoever listens to the database. */
  notify(name: string): void {
    for (const wake of this.#waiting.get(name) ?? []) wake();
  }

  /** Wakes everyone. */
  notifyAll(): void {
    for (const name of this.#waiting.keys()) this.notify(name);
  }
}
