import { expect } from 'chai';
import type { StackOwner } from '../../src/stack/owner.ts';
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
  async function scheduled(couchCluster?: number): Promise<StackOwner> {
    const owner = stack.owner(couchCluster);
    const { jobs } = stack;
    const entry = couchCluster ? `${owner.prefix}%${couchCluster}` : owner.prefix;
    await stack.fill(owner, TRIGGERS, [
      { _id: 'cron', type: '@cron' },
      { _id: 'running', type: '@cron' },
      { _id: 'event', type: '@event' },
      { _id: 'hook', type: '@webhook' },
    ]);
    await jobs.zadd('triggers', 1, `${entry}/cron`);
    await jobs.zadd('triggers', 2, `${entry}/hook`);
    await jobs.zadd('scheduling', 1, `${entry}/running`);
    await jobs.hset(`events-${owner.prefix}`, 'event', 'io.cozy.files');
    await jobs.rpush(`payload-${owner.prefix}/hook`, '{}');
    return owner;
  }

  const remove = (owner: StackOwner) =>
    removeTriggers({ ...owner, server: stack.server, stackRedis: stack.jobs, signal });

  for (const cluster of [undefined, 2]) {
    it(`go from the scheduler and from CouchDB, on cluster ${cluster ?? 0}`, async () => {
      const owner = await scheduled(cluster);
      expect(await remove(owner)).to.equal(4);
      expect(await stack.jobs.keys('*')).to.deep.equal([]);
      expect([...(await stack.read(owner, TRIGGERS)).keys()]).to.deep.equal([]);
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
    const owner = await scheduled();
    await remove(owner);
    expect(await remove(owner)).to.equal(0);
  });

  it('are none without their database, and events left in the scheduler go', async () => {
    const owner = stack.owner();
    await stack.jobs.hset(`events-${owner.prefix}`, 'event', 'io.cozy.files');
    expect(await remove(owner)).to.equal(0);
    expect(await stack.jobs.keys('*')).to.deep.equal([]);
  });

  it('of a stack that keeps them in its memory go from CouchDB', async () => {
    const owner = await scheduled();
    await removeTriggers({ ...owner, server: stack.server, stackRedis: undefined, signal });
    expect((await stack.read(owner, TRIGGERS)).size).to.equal(0);
  });

  it('keep the design documents of their database', async () => {
    const owner = await scheduled();
    await stack.fill(owner, TRIGGERS, [{ _id: '_design/by-worker-and-type' }]);
    await remove(owner);
    expect([...(await stack.read(owner, TRIGGERS)).keys()]).to.deep.equal(['_design/by-worker-and-type']);
  });
});
