import { expect } from 'chai';
import { judgeRedisNode } from '../../../src/operations/doctor/redis/judge-redis.ts';
import { infoFields, settingsOf } from '../../../src/operations/doctor/redis/redis-facts.ts';
import { saidOf } from './said.ts';

const INFO = {
  redis_version: '7.0.15',
  aof_enabled: '1',
  aof_last_write_status: 'ok',
  aof_last_bgrewrite_status: 'ok',
  rdb_last_bgsave_status: 'ok',
  maxmemory: '0',
  maxmemory_policy: 'noeviction',
  used_memory: '1000000',
  total_system_memory: '8000000000',
  evicted_keys: '0',
  loading: '0',
};

const SETTINGS = {
  appendfsync: 'always',
  'maxmemory-policy': 'noeviction',
  maxmemory: '0',
  save: '',
  'stop-writes-on-bgsave-error': 'yes',
};

type Fields = Readonly<Record<string, string>>;

const fieldsOf = (fields: Fields | undefined) =>
  fields === undefined ? undefined : new Map(Object.entries(fields));

/** What is said of a healthy Redis with these changes; undefined = it may not be asked. */
function judged(info: Fields | undefined, settings: Fields | undefined = {}) {
  return saidOf(
    judgeRedisNode({
      address: 'queue:6379',
      info: fieldsOf(info && { ...INFO, ...info }),
      settings: fieldsOf(settings && { ...SETTINGS, ...settings }),
      keys: 12_345,
    }),
  );
}

describe('what doctor says of a Redis', () => {
  it('finds nothing on one that is as it must be', () => {
    expect(judged({})).to.deep.equal([
      'ok version: Redis 7.0.15 at queue:6379',
      'ok append-only-file: append-only file on, appendfsync always',
      'ok eviction: maxmemory-policy noeviction',
      'ok memory: 1.0 MB used, no maxmemory, 12,345 keys in this database',
      'ok writes: what was written last has reached its disk',
    ]);
  });

  for (const [version, verdict] of [
    ['4.0.9', 'fail'],
    ['5.0.0', 'warn'],
    ['6.0.16', 'warn'],
    ['6.2.0', 'ok'],
    ['7.4.1', 'ok'],
    ['10.0.0', 'ok'],
    ['nonsense', 'ok'],
    ['', 'ok'],
  ] as const) {
    it(`judges the version "${version}" as ${verdict}`, () => {
      expect(judged({ redis_version: version })[0]).to.match(new RegExp(`^${verdict} version: `));
    });
  }

  it('names a Valkey by its own version', () => {
    const valkey = { server_name: 'valkey', valkey_version: '8.0.1', redis_version: '7.2.4' };
    expect(judged(valkey)[0]).to.equal('ok version: Valkey 8.0.1 at queue:6379');
  });

  for (const policy of ['allkeys-lru', 'volatile-lru', 'volatile-ttl', 'allkeys-random']) {
    it(`fails one that throws keys away (${policy}), and says how to change it`, () => {
      expect(judged({ maxmemory_policy: policy }, { 'maxmemory-policy': policy })).to.include(
        `fail eviction: maxmemory-policy ${policy}: a full Redis would throw jobs and batches away` +
          ' | redis-cli CONFIG SET maxmemory-policy noeviction, and `maxmemory-policy noeviction` in redis.conf',
      );
    });
  }

  it('takes the policy from INFO where CONFIG is forbidden', () => {
    const lines = saidOf(
      judgeRedisNode({
        address: 'queue:6379',
        info: fieldsOf({ ...INFO, maxmemory_policy: 'allkeys-lru' }),
        settings: undefined,
        keys: undefined,
      }),
    );
    expect(lines.find((line) => line.startsWith('fail eviction'))).to.contain('allkeys-lru');
    expect(lines.filter((line) => line.startsWith('warn'))).to.deep.equal([]);
  });

  it('says that it was thrown away already', () => {
    expect(judged({ evicted_keys: '1234' }).find((line) => line.includes('1,234'))).to.match(
      /^warn evicted: /,
    );
  });

  it('warns where neither INFO nor CONFIG may be asked', () => {
    const lines = saidOf(
      judgeRedisNode({ address: 'queue:6379', info: undefined, settings: undefined, keys: 1 }),
    );
    expect(lines.map((line) => line.split(':')[0])).to.deep.equal(['warn info', 'warn eviction']);
  });

  it('warns of a loss of power where it goes to the disk each second only', () => {
    expect(judged({}, { appendfsync: 'everysec' })[1]).to.match(
      /^warn append-only-file: append-only file on, but appendfsync everysec: .*\| redis-cli CONFIG SET appendfsync always/,
    );
    expect(judged({}, { appendfsync: 'no' })[1]).to.match(/^warn append-only-file: /);
  });

  it('warns of snapshots alone, and fails where there is nothing at all', () => {
    const off = { aof_enabled: '0' };
    expect(judged(off, { save: '3600 1 300 100' })[1]).to.match(
      /^warn append-only-file: .*save 3600 1 300 100/,
    );
    expect(judged(off, { save: '' })[1]).to.match(/^fail append-only-file: .*CONFIG SET appendonly yes/);
  });

  it('judges how full it is', () => {
    const full = (used: string, maxmemory: string) =>
      judged({ used_memory: used, maxmemory }, { maxmemory }).find((line) => line.includes(' memory: '));
    expect(full('1000', '1000')).to.match(/^fail memory: full: /);
    expect(full('900', '1000')).to.match(/^warn memory: nearly full: /);
    expect(full('500', '1000')).to.match(/^ok memory: 500 B of maxmemory 1.0 kB/);
    expect(full('7900000000', '0')).to.match(/^warn memory: .*Give the machine more memory/);
    expect(full('nonsense', '0')).to.match(/^ok memory: how much memory it uses, it does not say/);
  });

  it('says what of its persistence has failed', () => {
    const verdicts = (info: Fields, settings: Fields = {}) =>
      judged(info, settings)
        .slice(4)
        .map((line) => line.split(':')[0]);
    expect(verdicts({ aof_last_write_status: 'err' })).to.deep.equal(['fail append-only-file-write']);
    expect(verdicts({ aof_last_bgrewrite_status: 'err' })).to.deep.equal(['warn append-only-file-rewrite']);
    expect(verdicts({ rdb_last_bgsave_status: 'err' })).to.deep.equal(['warn snapshot']);
    expect(verdicts({ rdb_last_bgsave_status: 'err' }, { save: '60 1' })).to.deep.equal(['fail snapshot']);
    expect(verdicts({ loading: '1' })).to.deep.equal(['fail loading']);
  });

  it('takes no line break or control character from what it says', () => {
    const lines = judged({ redis_version: '7.0.0\u001b[2J\nok' });
    expect(lines[0]).to.equal('ok version: Redis 7.0.0 [2J ok at queue:6379');
  });

  it('reads INFO and CONFIG as strangers may have written them', () => {
    expect([...infoFields('# Server\r\nredis_version:7.0.15\r\nnonsense\r\n:x\r\na:b:c\r\n')]).to.deep.equal([
      ['redis_version', '7.0.15'],
      ['a', 'b:c'],
    ]);
    expect([...settingsOf([['save', ''], [], 'x', ['a', 1], null, ['b']])]).to.deep.equal([['save', '']]);
  });
});
