import { expect } from 'chai';
import type { StackInstance } from '../../src/stack/stack-instance.ts';
import { removeTriggers } from '../../src/stack/triggers.ts';
import { startTestStack, type TestStack } from './fixture.ts';

const TRIGGERS = 'io.cozy.triggers';

describe('the triggers of an instance', () => {
  const { signal } = new AbortController();
  let stack: TestStack;

  before(async () => {
    stack = await startTestStack();
  });

  afterEach(() => stack.jobs.flushall());

  after(() => stack.close());

  /** An instance with a trigger of each kind, scheduled as a stack schedules them. */
  async function scheduled(couchCluster?: number): Promise<StackInstance> {
    const instance = stack.instance(couchCluster);
    const { jobs } = stack;
    const entry = couchCluster ? `${instance.prefix}%${couchCluster}` : instance.prefix;
    await stack.fill(instance, TRIGGERS, [
      { _id: 'cron', type: '@cron' },
      { _id: 'running', type: '@cron' },
      { _id: 'event', type: '@event' },
      { _id: 'hook', type: '@webhook' },
    ]);
    await jobs.zadd('triggers', 1, `${entry}/cron`);
    await jobs.zadd('triggers', 2, `${entry}/hook`);
    await jobs.zadd('scheduling', 1, `${entry}/running`);
    await jobs.hset(`events-${instance.prefix}`, 'event', 'io.cozy.files');
    await jobs.rpush(`payload-${instance.prefix}/hook`, '{}');
    return instance;
  }

  const remove = (instance: StackInstance) =>
    removeTriggers({ ...instance, server: stack.server, stackRedis: stack.jobs, signal });

  for (const cluster of [undefined, 2]) {
    it(`go from the scheduler and from CouchDB, on cluster ${cluster ?? 0}`, async () => {
      const instance = await scheduled(cluster);
      expect(await remove(instance)).to.equal(4);
      expect(await stack.jobs.keys('*')).to.deep.equal([]);
      expect([...(await stack.read(instance, TRIGGERS)).keys()]).to.deep.equal([]);
    });
  }

  it('go without those of another instance', async () => {
    const other = await scheduled();
    const before = await stack.jobs.keys('*');
    await remove(await scheduled());
    expect(await stack.jobs.keys('*')).to.have.members(before);
    expect(await stack.jobs.zrange('triggers', '0', '-1')).to.deep.equal([
      `${other.prefix}/cron`,
      `${other.prefix}/hook`,
    ]);
    expect((await stack.read(other, TRIGGERS)).size).to.equal(4);
  });

  it('may go again', async () => {
    const instance = await scheduled();
    await remove(instance);
    expect(await remove(instance)).to.equal(0);
  });

  it('are none without their database, and events left in the scheduler go', async () => {
    const instance = stack.instance();
    await stack.jobs.hset(`events-${instance.prefix}`, 'event', 'io.cozy.files');
    expect(await remove(instance)).to.equal(0);
    expect(await stack.jobs.keys('*')).to.deep.equal([]);
  });

  it('of a stack that keeps them in its memory go from CouchDB', async () => {
    const instance = await scheduled();
    await removeTriggers({ ...instance, server: stack.server, stackRedis: undefined, signal });
    expect((await stack.read(instance, TRIGGERS)).size).to.equal(0);
  });

  it('keep the design documents of their database', async () => {
    const instance = await scheduled();
    await stack.fill(instance, TRIGGERS, [{ _id: '_design/by-worker-and-type' }]);
    await remove(instance);
    expect([...(await stack.read(instance, TRIGGERS)).keys()]).to.deep.equal(['_design/by-worker-and-type']);
  });
});
