/**
 * Waits until all of the work has ended, well or not: what still ran after a failure could write when somebody else
 * is at the same thing by then.
 * @throws what failed first in the order given
 */
export async function settleAll<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const values: T[] = [];
  for (const ended of await Promise.allSettled(work)) {
    if (ended.status === 'rejected') throw ended.reason;
    values.push(ended.value);
  }
  return values;
}
