import type { RedisClient } from '../../src/redis/client.ts';

/** Names and values of all keys, whatever their type. */
export async function everythingInRedis(redis: RedisClient): Promise<string[]> {
  const texts: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'COUNT', 1000);
    cursor = next;
    for (const key of keys) texts.push(key, JSON.stringify(await readValue(redis, key)));
  } while (cursor !== '0');
  return texts;
}

async function readValue(redis: RedisClient, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return await redis.get(key);
    case 'hash':
      return await redis.hgetall(key);
    case 'set':
      return await redis.smembers(key);
    case 'zset':
      return await redis.zrange(key, '0', '-1', 'WITHSCORES');
    case 'list':
      return await redis.lrange(key, 0, -1);
    case 'stream':
      return await redis.xrange(key, '-', '+');
    case 'none':
      return undefined;
    default:
      throw new Error(`the test does not know the type ${type} of ${key}`);
  }
}
