import type { Keys } from '../../src/jobs/redis/keys.ts';
import type { RedisClient } from '../../src/redis/client.ts';

/** Moves everything that the books of logins remember into the past, as if so many milliseconds had gone by. */
export async function timePasses(redis: RedisClient, keys: Keys, ms: number): Promise<void> {
  for (const name of await redis.keys(keys.login('*', '*'))) {
    const times = await redis.hgetall(name);
    for (const [field, at] of Object.entries(times)) await redis.hset(name, field, Number(at) - ms);
  }
  for (const name of await redis.keys(keys.loginTries('*'))) {
    for (const member of await redis.zrange(name, '0', '-1')) await redis.zincrby(name, -ms, member);
  }
}
