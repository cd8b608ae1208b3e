import type { RedisClient } from '../../redis/client.ts';

/** Fields of a hash; none where there is something else than a hash. */
export async function hashFields(redis: RedisClient, key: string): Promise<Record<string, string>> {
  try {
    return await redis.hgetall(key);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return {};
    throw error;
  }
}
