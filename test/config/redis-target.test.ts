import { expect } from 'chai';
import { redisAddress, redisNodes, redisTarget, type SingleRedis } from '../../src/config/redis-target.ts';

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

describe('redisTarget', () => {
  const server = (host: string, port: number, database: number) =>
    ({ kind: 'server', mayBeCluster: false, host, port, database }) as const;
  const socket = (path: string, database: number) => ({ kind: 'socket', path, database }) as const;
  const tls = { skipVerify: false };

  /** What is made of a text for us, and, where that differs, for the stack. */
  const table: readonly [string, SingleRedis | undefined, (SingleRedis | undefined)?][] = [
    ['redis://h:6380/2', server('h', 6380, 2)],
    ['redis://h', server('h', 6379, 0)],
    ['redis://h/', server('h', 6379, 0)],
    ['redis://[::1]:1/3', server('::1', 1, 3)],
    ['redis://:p%40@h', { ...server('h', 6379, 0), password: 'p@' }],
    ['rediss://u:p@h:1/3', { ...server('h', 1, 3), username: 'u', password: 'p', tls }],
    ['rediss://h?skip_verify=1', { ...server('h', 6379, 0), tls: { skipVerify: true } }],
    ['redis://h:6379?db=4', server('h', 6379, 4)],
    ['redis://h/4?db=4', server('h', 6379, 4)],
    ['redis://h/4?db=5', undefined, server('h', 6379, 5)],
    ['redis://h/1?dial_timeout=5s', undefined, server('h', 6379, 1)],
    ['unix:///run/redis.sock', socket('/run/redis.sock', 0)],
    ['unix:///run/redis.sock?db=1', socket('/run/redis.sock', 1)],
    ['unix://u:p%20@/run/r.sock?db=1', { ...socket('/run/r.sock', 1), username: 'u', password: 'p ' }],
    ['unix://:p@/run/a%20b', { ...socket('/run/a b', 0), password: 'p' }],
    ['/run/redis.sock?db=2', socket('/run/redis.sock', 2), undefined],
    ['unix://host/run/redis.sock', undefined],
    ['unix://run/redis.sock', undefined],
    ['unix:///run/redis.sock?db=x', undefined],
    ['redis://h/jobs', undefined],
    ['redis://h/-1', undefined],
    ['redis://h/1234567', undefined],
    ['redis://:p%@h/0', undefined],
    ['redis:///0', undefined],
    ['http://h/0', undefined],
    ['localhost:6379', undefined],
    ['', undefined],
  ];
  for (const [text, ours, ofStack = ours] of table) {
    it(`reads ${JSON.stringify(text)} or refuses it`, () => {
      expect(redisTarget(text)).to.deep.equal(ours);
      const isPath = text.startsWith('/');
      expect(redisTarget(text, { strict: false })).to.deep.equal(isPath ? undefined : ofStack);
    });
  }
});

describe('redisAddress', () => {
  const access = { username: 'u', password: 's3cret', database: 0 };
  const nodes = [
    { host: 'a', port: 1 },
    { host: '::1', port: 2 },
  ];
  for (const [target, text] of [
    [{ ...access, kind: 'server', mayBeCluster: false, host: 'h', port: 1 }, 'h:1'],
    [{ ...access, kind: 'socket', path: '/run/redis.sock' }, '/run/redis.sock'],
    [{ ...access, kind: 'sentinel', master: 'cozy', nodes }, 'master cozy of a:1, [::1]:2'],
    [{ ...access, kind: 'cluster', nodes }, 'cluster a:1, [::1]:2'],
  ] as const) {
    it(`shows ${text}, and no credentials`, () => {
      expect(redisAddress(target)).to.equal(text);
    });
  }
});
