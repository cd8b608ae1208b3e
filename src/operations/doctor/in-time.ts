/** How long everything that is asked of one server may take together, in milliseconds. */
export const SUBJECT_MS = 8_000;

/**
 * Waits for `work` so many milliseconds at most, even where it does not listen to its signal.
 * @throws what `work` throws, a DOMException `TimeoutError` when it is late, or the reason of `signal`
 */
export async function inTime<T>(
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DOMException('no answer in time', 'TimeoutError')), ms);
  const ends = AbortSignal.any([signal, late.signal]);
  const ended = new Promise<never>((_, reject) => {
    ends.addEventListener('abort', () => reject(ends.reason), { once: true });
  });
  try {
    return await Promise.race([work(ends), ended]);
  } finally {
    clearTimeout(timer);
  }
}
