import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { pause } from '../pause.ts';
import { askStackRedis } from './connect.ts';
import { StackBusy, StackLockLost } from './errors.ts';

/** How the lock is taken and held, in milliseconds. */
export interface LockTimes {
  /** How long it lasts unless it is extended. */
  readonly life: number;
  /** How long it is tried to get it. */
  readonly patience: number;
  readonly retry: number;
}

/** Those of the stack (`docs/cozy-data.md` §7). */
const STACK_TIMES: LockTimes = { life: 20_000, patience: 20_000, retry: 100 };

/** Extensions in the time the lock lasts. */
const EXTENSIONS = 3;

/** KEYS: lock. ARGV: our token, milliseconds. */
const EXTEND = `return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0`;

/** KEYS: lock. ARGV: our token. */
const RELEASE = `return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0`;

/** One of the locks that all stacks of an installation take. */
export interface StackLock {
  readonly key: string;
  /** What nobody else works on while it is held, as an error says it: `the files of the instance`. */
  readonly keeps: string;
}

export interface StackLockOptions {
  readonly signal: AbortSignal;
  readonly times?: LockTimes;
}

/**
 * Does `work` while no stack does what it only does under the same lock (`docs/cozy-data.md` §7).
 *
 * @param redis the Redis with the stack's locks; without one, `work` is done as it is: an in-memory stack
 * has no lock that we could take
 * @param work its signal is aborted with StackLockLost when the lock is lost, with the caller's reason otherwise
 * @throws StackBusy when somebody else holds it too long, StackLockLost when it did not last until the
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
  const token = randomBytes(15).toString('base64url');
  const takenAt = await take(redis, lock, token, times, signal);
  const lease = keep(redis, key, token, times.life, takenAt);
  try {
    const result = await work(AbortSignal.any([signal, lease.lost]));
    lease.lost.throwIfAborted();
    return result;
  } finally {
    lease.stop();
    // What cannot be given back now runs out by itself.
    await redis.eval(RELEASE, 1, key, token).catch(() => undefined);
  }
}

/** @returns when it was asked for: it lasts at least its life from then on */
async function take(
  redis: Redis,
  { key, keeps }: StackLock,
  token: string,
  { life, patience, retry }: LockTimes,
  signal: AbortSignal,
): Promise<number> {
  const deadline = performance.now() + patience;
  for (;;) {
    signal.throwIfAborted();
    const askedAt = performance.now();
    const answer = await askStackRedis(redis, () => redis.set(key, token, 'PX', life, 'NX'));
    if (answer === 'OK') return askedAt;
    if (performance.now() + retry > deadline) throw new StackBusy(key, keeps, patience);
    await pause(retry, signal);
  }
}

/** Extends the lock until it is stopped; it is lost when another has it, or when it ran out meanwhile. */
function keep(
  redis: Redis,
  key: string,
  token: string,
  life: number,
  takenAt: number,
): { readonly lost: AbortSignal; stop(): void } {
  const lost = new AbortController();
  const lose = (): void => lost.abort(new StackLockLost(key));
  const expiryAfter = (askedAt: number): NodeJS.Timeout =>
    setTimeout(lose, askedAt + life - performance.now());
  let expiry = expiryAfter(takenAt);
  let stopped = false;

  async function extend(): Promise<void> {
    const askedAt = performance.now();
    try {
      const ours = (await redis.eval(EXTEND, 1, key, token, life)) === 1;
      if (stopped) return;
      clearTimeout(expiry);
      if (ours) expiry = expiryAfter(askedAt);
      else lose();
    } catch {
      // Redis is away. The lock lasts until it runs out, and so does the timer.
    }
  }

  const beat = setInterval(() => void extend(), life / EXTENSIONS);
  return {
    lost: lost.signal,
    stop() {
      stopped = true;
      clearTimeout(expiry);
      clearInterval(beat);
    },
  };
}
