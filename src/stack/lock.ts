import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { pause } from '../pause.ts';
import { renewLease } from '../renew-lease.ts';
import { askStackRedis } from './connect.ts';
import { StackBusy, StackLockLost } from './errors.ts';

/** How the lock is taken and held, in milliseconds. */
export interface LockTimes {
  /** How long it lasts unless it is extended. */
  readonly durationMs: number;
  /** How long it is tried to get it. */
  readonly acquireTimeoutMs: number;
  /** Between two tries to get it. */
  readonly pollMs: number;
}

/** Those of the stack (`docs/cozy-data.md` §7). */
const STACK_TIMES: LockTimes = { durationMs: 20_000, acquireTimeoutMs: 20_000, pollMs: 100 };

/** KEYS: lock. ARGV: our token, milliseconds. */
const EXTEND = `return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0`;

/** KEYS: lock. ARGV: our token. */
const RELEASE = `return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0`;

/** One of the locks that all stacks of an installation take. */
export interface StackLock {
  readonly key: string;
  /** What only its holder works on, as an error says it: `the files of the instance`. */
  readonly protects: string;
}

export interface StackLockOptions {
  readonly signal: AbortSignal;
  readonly times?: LockTimes;
}

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
  const lock = { key: `locks:${prefix}/vfs`, protects: 'the files of the instance' };
  return await withStackLock(redis, lock, work, options);
}

/**
 * Does `work` while no stack installs, updates or removes that application of the instance: under the
 * lock that every stack takes for that (`docs/cozy-data.md` §7).
 *
 * @param prefix as `stackPrefix` answers it
 * @throws as `withStackLock`
 */
export async function withAppLock<T>(
  redis: Redis | undefined,
  prefix: string,
  slug: string,
  work: (signal: AbortSignal) => Promise<T>,
  options: StackLockOptions,
): Promise<T> {
  const lock = { key: `locks:${prefix}/app-${slug}`, protects: `the application ${slug} of the instance` };
  return await withStackLock(redis, lock, work, options);
}

/**
 * Does `work` while no stack does what it only does under the same lock (`docs/cozy-data.md` §7).
 *
 * @param redis the Redis with the stack's locks; without one, `work` is done as it is: an in-memory stack
 * has no lock that we could take
 * @param work its signal is aborted with StackLockLost when the lock is lost, with the caller's reason otherwise
 * @throws StackBusy when another holder keeps it too long, StackLockLost when it did not last until the
 * end of `work`, StackRedisAway
 */
export async function withStackLock<T>(
  redis: Redis | undefined,
  lock: StackLock,
  work: (signal: AbortSignal) => Promise<T>,
  { signal, times = STACK_TIMES }: StackLockOptions,
): Promise<T> {
  if (redis === undefined) return await work(signal);
  const { key } = lock;
  const { durationMs } = times;
  const token = randomBytes(15).toString('base64url');
  const since = await acquire(redis, lock, token, times, signal);
  const lease = renewLease({
    durationMs,
    since,
    renew: async () => (await redis.eval(EXTEND, 1, key, token, durationMs)) === 1,
    loss: () => new StackLockLost(key),
    isLostByClock: true,
  });
  try {
    const result = await work(AbortSignal.any([signal, lease.lost]));
    lease.lost.throwIfAborted();
    return result;
  } finally {
    void lease.stop();
    // Where the release fails, the lock runs out by itself.
    await redis.eval(RELEASE, 1, key, token).catch(() => undefined);
  }
}

/** @returns when it was asked for, on the clock of `performance`: it lasts at least `durationMs` from then on */
async function acquire(
  redis: Redis,
  { key, protects }: StackLock,
  token: string,
  { durationMs, acquireTimeoutMs, pollMs }: LockTimes,
  signal: AbortSignal,
): Promise<number> {
  const deadline = performance.now() + acquireTimeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const askedAt = performance.now();
    const answer = await askStackRedis(redis, () => redis.set(key, token, 'PX', durationMs, 'NX'));
    if (answer === 'OK') return askedAt;
    if (performance.now() + pollMs > deadline) throw new StackBusy(key, protects, acquireTimeoutMs);
    await pause(pollMs, signal);
  }
}
