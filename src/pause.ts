import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits. Unlike `setTimeout` of `node:timers/promises`, which ends with an `AbortError` of its own when its signal is
 * aborted, it ends with the signal's reason: that tells a cancelled job from one whose lock was lost.
 *
 * @param ms milliseconds
 * @throws the signal's reason as soon as it is aborted
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** Before a document is read again after a conflict: a read may lag behind the write that caused it. */
const AFTER_CONFLICT_MS = 50;

/** Waits before work is done again after a conflict. @throws the signal's reason as soon as it is aborted */
export async function pauseAfterConflict(signal?: AbortSignal): Promise<void> {
  await pause(AFTER_CONFLICT_MS, signal);
}
