/**
 * A signal that ends after so many milliseconds, or with another one before that. `AbortSignal.any` with
 * `AbortSignal.timeout` is not to be relied on: nothing but the combined signal knows of the other, and up to
 * Node.js 20 that does not keep it from being collected as garbage, with its time. A timer of our own keeps it. It
 * does not keep the process alive.
 * @returns its reason is a DOMException `TimeoutError` when the time was over, else that of `signal`
 */
export function signalWithin(ms: number, signal?: AbortSignal): AbortSignal {
  const over = new AbortController();
  const end = () => over.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  setTimeout(end, ms).unref();
  return signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
}
