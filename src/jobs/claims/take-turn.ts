import { randomUUID } from 'node:crypto';
import { FleetError } from '../../errors.ts';
import { pause } from '../../pause.ts';
import type { RedisClient } from '../../redis/client.ts';
import { renewLease } from '../../renew-lease.ts';
import type { Keys } from '../redis/keys.ts';
import { script } from '../redis/script.ts';

/** How long a turn lasts unless it is renewed: so long the next one waits for a process that was killed. */
const TURN_MS = 10_000;
const POLL_MS = 50;

/** KEYS: turn. ARGV: its holder, milliseconds. */
const EXTEND = script(
  `return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0`,
);

/** KEYS: turn. ARGV: its holder. */
const RELEASE = script(`return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0`);

/** Where turns are taken. */
interface TurnStore {
  readonly redis: RedisClient;
  readonly keys: Keys;
}

/**
 * Does `work` while nobody else does such work for the same domain, in any process of the fleet. A job may hold the
 * names of the instance meanwhile: a creation does until its last application is there.
 *
 * @param work its signal is aborted with FleetError `lost_names` when the turn is lost, with the caller's reason otherwise
 * @throws what Redis says when it is away, what `work` throws
 */
export async function takeTurn<T>(
  { redis, keys }: TurnStore,
  domain: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const key = keys.turn(domain);
  const holder = randomUUID();
  const since = await acquire(redis, key, holder, signal);
  const lease = renewLease({
    durationMs: TURN_MS,
    since,
    renew: async () => (await EXTEND.run(redis, [key], [holder, TURN_MS])) === 1,
    loss: () => new FleetError('lost_names', `the turn for ${domain} was lost while the work was under way`),
    isLostByClock: true,
  });
  try {
    return await work(AbortSignal.any([signal, lease.lost]));
  } finally {
    await lease.stop();
    // Where it cannot be given back it runs out by itself.
    await RELEASE.run(redis, [key], [holder]).catch(() => undefined);
  }
}

/** @returns when it was asked for, on the clock of `performance`: it lasts at least its time from then on */
async function acquire(
  redis: RedisClient,
  key: string,
  holder: string,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    signal.throwIfAborted();
    const askedAt = performance.now();
    if ((await redis.set(key, holder, 'PX', TURN_MS, 'NX')) === 'OK') return askedAt;
    await pause(POLL_MS, signal);
  }
}
