import { expect } from 'chai';
import { FleetError } from '../../src/errors.ts';
import { createRedisClient, type RedisClient } from '../../src/redis/client.ts';
import { explainRedis } from '../../src/redis/connect-redis.ts';
import { isRedisAway } from '../../src/redis/refusals.ts';
import { Cleanup } from '../support/cleanup.ts';
import { redisAt } from '../support/redis-at.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { thrownBy } from '../support/thrown-by.ts';

describe('a command that a Redis without its replicas refuses', () => {
  const suite = new Cleanup();
  let server: RedisServer;
  let redis: RedisClient;

  before(async () => {
    server = suite.add(await startRedisServer({ settings: ['--min-replicas-to-write', '1'] }), (each) =>
      each.close(),
    );
    redis = suite.add(createRedisClient(redisAt(server.url), 'command'), (each) => each.disconnect());
  });
  after(() => suite.run());

  for (const [name, write] of [
    ['by itself', () => redis.set('x', 'y')],
    ['in a script', () => redis.eval("return redis.call('SET', KEYS[1], 'y')", 1, 'x')],
    ['in a transaction', () => redis.multi().set('x', 'y').exec()],
  ] as const) {
    it(`is refused for now, with host and port, when it is sent ${name}`, async () => {
      const thrown = await thrownBy(write());
      if (!(thrown instanceof Error)) throw thrown;
      expect(isRedisAway(thrown)).to.equal(true);
      const told = explainRedis(thrown, redis, redisAt(server.url));
      expect(told).to.be.instanceOf(FleetError).and.to.have.property('code', 'redis_unreachable');
      expect(told)
        .to.have.property('message')
        .that.contains(`127.0.0.1:${server.port}`)
        .and.contains('NOREPLICAS');
    });
  }
});
