/** Something that happens once, and may be waited for before and after. */
export class Signal<T> {
  readonly given: Promise<T>;
  readonly #resolve: (value: T) => void;

  constructor() {
    let give: (value: T) => void = () => undefined;
    this.given = new Promise<T>((resolve) => {
      give = resolve;
    });
    this.#resolve = give;
  }

  give(value: T): void {
    this.#resolve(value);
  }

  /** Waits for it; fails with the other signal's reason when that one comes first. */
  async orUntil(other: AbortSignal): Promise<T> {
    other.throwIfAborted();
    let stop = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      const fail = (): void => reject(other.reason);
      other.addEventListener('abort', fail, { once: true });
      stop = () => other.removeEventListener('abort', fail);
    });
    try {
      return await Promise.race([this.given, aborted]);
    } finally {
      stop();
    }
  }
}
