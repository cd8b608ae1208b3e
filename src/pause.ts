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
