import { redisTarget, type SingleRedis } from '../../src/config/redis-target.ts';

/** The Redis of a URL. */
export function redisAt(url: string): SingleRedis {
  const target = redisTarget(url);
  if (target === undefined) throw new Error(`${url} is no URL of a Redis`);
  return target;
}
