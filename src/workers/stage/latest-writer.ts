/** Writes down values of which each takes the place of the one before. */
export interface LatestWriter<T> {
  /** Resolves once this value, or a later one, is written. @throws what the write threw */
  write(value: T): Promise<void>;
  /** Resolves once all is written that was given so far. @throws what the last write threw */
  settled(): Promise<void>;
}

/**
 * One write at a time, in the order in which values come. Those that come while one is under way share the next one, which
 * writes the last of them.
 * @param first what has to be over before the first write
 */
export function createLatestWriter<T>(
  send: (value: T) => Promise<void>,
  first: Promise<void>,
): LatestWriter<T> {
  let last = first;
  let next: { value: T; readonly written: Promise<void> } | undefined;

  async function sendNext(before: Promise<void>): Promise<void> {
    // After a failure nothing is written any more: what is there must not jump over what is not.
    await before;
    const due = next;
    next = undefined;
    if (due !== undefined) await send(due.value);
  }

  return {
    write(value) {
      if (next !== undefined) {
        next.value = value;
        return next.written;
      }
      const written = sendNext(last);
      next = { value, written };
      last = written;
      // Whoever gave the value is told; that nobody waits is no fault.
      written.catch(() => undefined);
      return written;
    },
    settled: () => last,
  };
}
