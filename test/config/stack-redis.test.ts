import { expect } from 'chai';
import { stackRedisOf } from '../../src/config/stack-redis.ts';
import { redisAt } from '../support/redis-at.ts';

describe('stackRedisOf', () => {
  it('knows session codes only where the configuration says where they are', () => {
    const sessions = { url: redisAt('redis://h/3') };
    expect(stackRedisOf({ redis: NONE, jobs: {}, lock: {}, sessions })).to.deep.equal({
      sessions: redisAt('redis://h/3'),
    });
    const databases = { jobs: 0, lock: 2, sessions: 3 };
    const shared = stackRedisOf({ redis: { ...NONE, addrs: [NODE], databases }, jobs: {}, lock: {} });
    expect(shared?.sessions).to.deep.equal(redisAt('redis://h:1/3'));
  });

  const NONE = { addrs: [], master: '', password: '', databases: { jobs: 0, lock: 2 } };
  const NODE = { host: 'h', port: 1 };

  it('is none for a stack that keeps all in its memory', () => {
    expect(stackRedisOf({ redis: NONE, jobs: {}, lock: {} })).to.equal(undefined);
  });

  it('knows only what has a URL of its own', () => {
    expect(stackRedisOf({ redis: NONE, jobs: {}, lock: { url: redisAt('redis://h/2') } })).to.deep.equal({
      lock: redisAt('redis://h/2'),
    });
  });

  it('gives each use its database of the one Redis', () => {
    const redis = { ...NONE, addrs: [NODE], password: 'p@ss', databases: { jobs: 5, lock: 6 } };
    expect(stackRedisOf({ redis, jobs: {}, lock: {} })).to.deep.equal({
      jobs: redisAt('redis://:p%40ss@h:1/5'),
      lock: redisAt('redis://:p%40ss@h:1/6'),
    });
  });

  it('asks sentinels where a master is named', () => {
    const nodes = [NODE, { host: '::1', port: 2 }];
    const stackRedis = stackRedisOf({ redis: { ...NONE, addrs: nodes, master: 'cozy' }, jobs: {}, lock: {} });
    const sentinel = { kind: 'sentinel', master: 'cozy', nodes };
    expect(stackRedis).to.deep.equal({
      jobs: { ...sentinel, database: 0 },
      lock: { ...sentinel, database: 2 },
    });
  });
});
