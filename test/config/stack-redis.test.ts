import { expect } from 'chai';
import { redisNodes, stackRedisOf, stackRedisUrl } from '../../src/config/stack-redis.ts';

describe('redisNodes', () => {
  it('reads addresses with spaces between them', () => {
    expect(redisNodes(' redis-1:6379\n redis-2:6380 ')).to.deep.equal([
      { host: 'redis-1', port: 6379 },
      { host: 'redis-2', port: 6380 },
    ]);
  });

  it('reads an IPv6 address in brackets', () => {
    expect(redisNodes('[::1]:6379')).to.deep.equal([{ host: '::1', port: 6379 }]);
  });

  for (const text of ['redis', 'redis:', ':6379', 'redis:0', 'redis:65536', 'a:1,b:2', '::1:6379', 'a@b:1']) {
    it(`refuses ${text}`, () => {
      expect(redisNodes(text)).to.equal(undefined);
    });
  }
});

describe('stackRedisUrl', () => {
  const table: readonly [string, string | undefined][] = [
    ['redis://h:6379/2', 'redis://h:6379/2'],
    ['redis://h', 'redis://h/0'],
    ['rediss://u:p%40@h:1/3?dial_timeout=5s', 'rediss://u:p%40@h:1/3'],
    ['redis://h:6379?db=4', 'redis://h:6379/4'],
    ['redis://h/jobs', undefined],
    ['redis://:p%@h/0', undefined],
    ['http://h/0', undefined],
    ['localhost:6379', undefined],
  ];
  for (const [text, expected] of table) {
    it(`makes ${String(expected)} of ${text}`, () => {
      expect(stackRedisUrl(text)).to.equal(expected);
    });
  }
});

describe('stackRedisOf', () => {
  const NONE = { addrs: [], master: '', password: '', databases: { jobs: 0, lock: 2 } };
  const NODE = { host: 'h', port: 1 };

  it('is none for a stack that keeps all in its memory', () => {
    expect(stackRedisOf({ redis: NONE, jobs: {}, lock: {} })).to.equal(undefined);
  });

  it('knows only what has a URL of its own', () => {
    expect(stackRedisOf({ redis: NONE, jobs: {}, lock: { url: 'redis://h/2' } })).to.deep.equal({
      lockUrl: 'redis://h/2',
    });
  });

  it('gives each use its database of the one Redis', () => {
    const redis = { ...NONE, addrs: [NODE], password: 'p@ss', databases: { jobs: 5, lock: 6 } };
    expect(stackRedisOf({ redis, jobs: {}, lock: {} })).to.deep.equal({
      jobsUrl: 'redis://:p%40ss@h:1/5',
      lockUrl: 'redis://:p%40ss@h:1/6',
    });
  });

  it('asks sentinels where a master is named', () => {
    const nodes = [NODE, { host: '::1', port: 2 }];
    const stackRedis = stackRedisOf({ redis: { ...NONE, addrs: nodes, master: 'cozy' }, jobs: {}, lock: {} });
    expect(stackRedis?.sentinels).to.deep.equal({ master: 'cozy', nodes });
  });
});
