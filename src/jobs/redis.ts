import { Redis } from 'ioredis';
import { FleetError, toError } from '../errors.ts';

/** Who connects: a worker waits for Redis to come back, a command fails fast (`bullmq-mechanics.md` §10). */
export type RedisRole = 'worker' | 'command';

const OPTIONS = {
  worker: { maxRetriesPerRequest: null, retryStrategy: (times: number) => Math.min(times * 100, 1000) },
  command: {
    maxRetriesPerRequest: 1,
    connectTimeout: 3000,
    retryStrategy: (times: number) => (times > 1 ? null : 200),
  },
};

/**
 * Connects to Redis and waits until it answers.
 * @throws FleetError `redis_unreachable`; its text names host and port, never credentials.
 */
export async function connectRedis(url: string, role: RedisRole): Promise<Redis> {
  const redis = new Redis(url, { ...OPTIONS[role], lazyConnect: true });
  let reason = '';
  redis.on('error', (error) => {
    reason = toError(error).message;
  });
  if (role === 'worker') {
    await once(redis);
    return redis;
  }
  try {
    await redis.connect();
    return redis;
  } catch (error) {
    redis.disconnect();
    const { host } = new URL(url);
    throw new FleetError(
      'redis_unreachable',
      `Redis does not answer at ${host}: ${reason || toError(error).message}`,
      'Start it (cozy-fleet up starts one), or set fleet.redis_url or COZY_FLEET_REDIS_URL.',
    );
  }
}

/** The first connection of a worker may take as many tries as it needs. */
async function once(redis: Redis): Promise<void> {
  const ready = new Promise<void>((resolve) => redis.once('ready', resolve));
  redis.connect().catch(() => undefined);
  await ready;
}
