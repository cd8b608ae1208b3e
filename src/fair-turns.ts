import pLimit, { type LimitFunction } from 'p-limit';

/** Lets costly work wait for its turn, so that nobody who asks for much of it keeps all others waiting. */
export interface FairTurns {
  /**
   * Does the work when it is its turn: of one owner one at a time, however many they ask for.
   * @throws the signal's reason when it is aborted before the work has begun
   */
  take<T>(owner: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** Owners who have work that waits or is done. */
  readonly owners: number;
}

/** @param atATime pieces of work of all owners that are done side by side */
export function createFairTurns(atATime: number): FairTurns {
  const all = pLimit(atATime);
  const own = new Map<string, { readonly limit: LimitFunction; work: number }>();

  return {
    async take(owner, signal, work) {
      const one = own.get(owner) ?? { limit: pLimit(1), work: 0 };
      own.set(owner, one);
      one.work += 1;
      try {
        return await one.limit(() => {
          // Whoever waited for too long was answered already.
          signal.throwIfAborted();
          return all(() => {
            signal.throwIfAborted();
            return work();
          });
        });
      } finally {
        one.work -= 1;
        if (one.work === 0) own.delete(owner);
      }
    },
    get owners() {
      return own.size;
    },
  };
}
