import { expect } from 'chai';
import { Redis } from 'ioredis';
import { keyPattern, redisBytes } from '../../../bench/sizes/redis-bytes.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';

describe('the memory of keys', () => {
  let server: RedisServer;
  let redis: Redis;

  before(async () => {
    server = await startRedisServer();
    redis = new Redis(server.url);
  });

  after(async () => {
    redis.disconnect();
    await server.close();
  });

  it('is added up by what they are, the largest first', async () => {
    await redis.mset(
      '{fleet}:name:a.example.org',
      'x'.repeat(5000),
      '{fleet}:name:b.example.org',
      'x',
      '{fleet}:index',
      'x',
    );
    const sorts = await redisBytes(redis);
    expect(sorts.map(({ pattern, keys }) => [pattern, keys])).to.deep.equal([
      ['{fleet}:name:*', 2],
      ['{fleet}:index', 1],
    ]);
  });

  it('counts all elements of a key, not a sample of them', async () => {
    await redis.flushall();
    const entries = Array.from({ length: 1000 }, (_, at) => [
      `field-${at}`,
      at === 999 ? 'x'.repeat(100_000) : 'x',
    ]);
    await redis.hset('{fleet}:large', new Map(entries.map(([field = '', value = '']) => [field, value])));
    const [large] = await redisBytes(redis);
    expect(large?.bytes).to.be.above(100_000);
  });

  for (const [key, pattern] of [
    ['{fleet}:instances:0f3e2d1c-0000-4000-8000-0123456789ab', '{fleet}:instances:*'],
    ['{fleet}:batch:7Q2K4:rows', '{fleet}:batch:*:rows'],
    ['{fleet}:name:zoe.example.org', '{fleet}:name:*'],
    ['{fleet}:instances:delayed', '{fleet}:instances:delayed'],
  ] as const) {
    it(`is that of ${pattern} for ${key}`, () => {
      expect(keyPattern(key)).to.equal(pattern);
    });
  }
});
