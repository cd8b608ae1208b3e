import { settleAll } from '../../src/settle-all.ts';

/**
 * Does the same for each of many, so many at a time. All that was begun ends before a failure is told: what it has made
 * can be removed then.
 */
export async function atATime<T>(
  items: readonly T[],
  concurrency: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const hand = async (): Promise<void> => {
    for (const item of waiting) {
      signal.throwIfAborted();
      await work(item);
    }
  };
  await settleAll(Array.from({ length: concurrency }, hand));
}
