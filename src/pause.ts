import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits. Node's own timer ends with an error of its own when its signal is aborted, from which nobody could tell a
 * cancelled job from a lost one.
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

/** Before a document is read again after a conflict, in milliseconds: a read may lag behind the write of another. */
const AFTER_CONFLICT_MS = 50;

/** @throws the signal's reason as soon as it is aborted */
export async function pauseAfterConflict(signal?: AbortSignal): Promise<void> {
  await pause(AFTER_CONFLICT_MS, signal);
}
