import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { UnreadableSchedule } from '../../src/apps/manifest/next-run.ts';
import { connectStack, type StackConnection } from '../../src/stack/connect.ts';
import { StackRedisAway } from '../../src/stack/errors.ts';
import { type NewTrigger, scheduleTriggers } from '../../src/stack/schedule-triggers.ts';
import type { StackInstance } from '../../src/stack/stack-instance.ts';
import { redisAt } from '../support/redis-at.ts';
import { startTestRedis, type TestRedis } from '../support/servers.ts';
import { thrownBy } from '../support/thrown-by.ts';

describe('the triggers of a new application', () => {
  const now = new Date('2026-01-01T12:00:00.750Z');
  const instance = { prefix: 'cozy1' };
  const every = trigger('every', '@every', '1h30m');
  let server: TestRedis;
  let stack: StackConnection;
  let jobs: Redis;

  before(async () => {
    server = await startTestRedis();
    stack = connectStack({ jobs: redisAt(`${server.url}/0`) });
    if (stack.jobs === undefined) throw new Error('no connection was made');
    jobs = stack.jobs;
  });

  afterEach(() => jobs.flushall());

  after(async () => {
    stack.close();
    await server.close();
  });

  function trigger(_id: string, type: string, given = ''): NewTrigger {
    return { _id, type, arguments: given };
  }

  const schedule = (
    triggers: readonly NewTrigger[],
    of: Omit<StackInstance, 'domain'> = instance,
    at: Date = now,
  ) => scheduleTriggers({ instance: of, triggers, stackRedis: jobs, now: at });

  const secondsOf = (iso: string) => String(Date.parse(iso) / 1_000);

  it('wait for their time', async () => {
    await schedule([every, trigger('cron', '@cron', '0 0 7 * * 1'), trigger('in', '@in', '10m')]);
    expect(await jobs.zrange('triggers', '0', '-1', 'WITHSCORES')).to.deep.equal([
      ...['cozy1/in', secondsOf('2026-01-01T12:10:00Z')],
      ...['cozy1/every', secondsOf('2026-01-01T13:30:00Z')],
      ...['cozy1/cron', secondsOf('2026-01-05T07:00:00Z')],
    ]);
  });

  it('wait under the cluster of their instance unless that is the first', async () => {
    await schedule([every], { prefix: 'cozy1', couchCluster: 2 });
    await schedule([every], { prefix: 'cozy2', couchCluster: 0 });
    expect(await jobs.zrange('triggers', '0', '-1')).to.have.members(['cozy1%2/every', 'cozy2/every']);
  });

  it('wait for their events', async () => {
    const created = trigger('created', '@event', 'io.cozy.files:CREATED');
    const any = trigger('any', '@event', 'io.cozy.contacts io.cozy.events');
    await schedule([created, any], { prefix: 'cozy1', couchCluster: 2 });
    expect(await jobs.keys('*')).to.deep.equal(['events-cozy1']);
    expect(await jobs.hgetall('events-cozy1')).to.deep.equal({
      created: 'io.cozy.files:CREATED',
      any: 'io.cozy.contacts io.cozy.events',
    });
  });

  it('are not known to the scheduler when they are called', async () => {
    await schedule([trigger('hook', '@webhook'), trigger('client', '@client')]);
    expect(await jobs.keys('*')).to.deep.equal([]);
  });

  it('are due in whole seconds, at once when their moment has passed', async () => {
    await schedule([trigger('at', '@at', '2025-12-31T08:00:00.9Z')]);
    expect(await jobs.zscore('triggers', 'cozy1/at')).to.equal(secondsOf('2025-12-31T08:00:00Z'));
  });

  it('do not all run at once where they leave the time to the stack', async () => {
    const prefixes = Array.from({ length: 20 }, (_, at) => `cozy${at}`);
    for (const prefix of prefixes) await schedule([trigger('daily', '@daily', 'before 5am')], { prefix });
    const times = await Promise.all(prefixes.map((prefix) => jobs.zscore('triggers', `${prefix}/daily`)));
    expect(new Set(times)).to.have.property('size', prefixes.length);
    for (const time of times) {
      expect(Number(time)).to.be.within(
        Number(secondsOf('2026-01-02T00:00:00Z')),
        Number(secondsOf('2026-01-02T04:59:59Z')),
      );
    }
  });

  it('stay where the stack has put them', async () => {
    await schedule([every]);
    await jobs.zadd('triggers', 5, 'cozy1/every');
    await schedule([every], instance, new Date('2026-02-01T00:00:00Z'));
    expect(await jobs.zscore('triggers', 'cozy1/every')).to.equal('5');
  });

  it('are left to the stack while it runs them', async () => {
    await jobs.zadd('scheduling', 5, 'cozy1/every');
    await schedule([every, trigger('in', '@in', '10m')]);
    expect(await jobs.zrange('triggers', '0', '-1')).to.deep.equal(['cozy1/in']);
    expect(await jobs.zscore('scheduling', 'cozy1/every')).to.equal('5');
  });

  it('may be many', async () => {
    const ids = Array.from({ length: 1_100 }, (_, at) => `t${at}`);
    await schedule([
      ...ids.map((id) => trigger(id, '@every', '1h')),
      ...ids.map((id) => trigger(`e${id}`, '@event', 'io.cozy.files')),
    ]);
    expect(await jobs.zcard('triggers')).to.equal(ids.length);
    expect(await jobs.hlen('events-cozy1')).to.equal(ids.length);
  });

  it('may be none', async () => {
    await schedule([]);
    expect(await jobs.keys('*')).to.deep.equal([]);
  });

  it('are scheduled all or, when one cannot be read, not at all', async () => {
    const error = await thrownBy(schedule([every, trigger('bad', '@cron', 'noon')]));
    expect(error).to.be.instanceOf(UnreadableSchedule);
    expect(await jobs.keys('*')).to.deep.equal([]);
  });

  it('are left to a stack that keeps them in its memory', async () => {
    await scheduleTriggers({ instance, triggers: [every], stackRedis: undefined, now });
    expect(await jobs.keys('*')).to.deep.equal([]);
  });

  it('cannot be scheduled while Redis is away', async () => {
    await server.stop();
    try {
      expect(await thrownBy(schedule([every]))).to.be.instanceOf(StackRedisAway);
    } finally {
      await server.start();
    }
  });
});
