import type { Redis } from 'ioredis';
import { type StackLockOptions, withStackLock } from './lock.ts';

/**
 * Does `work` while no stack writes to the files of the instance: under the lock that every stack takes
 * for that (`docs/cozy-data.md` §7).
 *
 * @param prefix as `stackPrefix` answers it
 * @throws as `withStackLock`
 */
export async function withVfsLock<T>(
  redis: Redis | undefined,
  prefix: string,
  work: (signal: AbortSignal) => Promise<T>,
  options: StackLockOptions,
): Promise<T> {
  const lock = { key: `locks:${prefix}/vfs`, keeps: 'the files of the instance' };
  return await withStackLock(redis, lock, work, options);
}
