import { expect } from 'chai';
import { failUnreadableJobs } from '../../../src/workers/recovery/unreadable-jobs.ts';
import { payloadFor, startTestQueue, type TestQueue } from '../../jobs/fixture.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('jobs that nobody can read', () => {
  let test: TestQueue;

  before(async () => {
    test = await startTestQueue();
  });

  beforeEach(() => test.redis.flush());

  after(() => test.close());

  async function failed(): Promise<string[]> {
    const ids: string[] = [];
    await failUnreadableJobs(test.fleet, (id) => ids.push(id));
    return ids;
  }

  const at = (part: string) => test.fleet.keys.bull(part);

  /** A job whose payload somebody has broken. */
  async function broken(): Promise<string> {
    const { id = '' } = await test.add(payloadFor('x.org'));
    await test.fleet.redis.hset(at(id), 'data', '{');
    return id;
  }

  it('fail, with the reason, and are told of', async () => {
    const id = await broken();
    expect(await failed()).to.deep.equal([id]);
    expect(await test.fleet.redis.lrange(at('wait'), 0, -1)).to.deep.equal([]);
    expect(await test.fleet.queue.getFailedCount()).to.equal(1);
    expect(await test.fleet.redis.hget(at(id), 'failedReason')).to.match(/^bad_payload: /);
  });

  it('fail also where a worker took one and could not read it', async () => {
    const id = await broken();
    expect(await thrownBy(test.start())).to.be.instanceOf(SyntaxError);
    expect(await failed(), 'while its lock lasts').to.deep.equal([]);
    await test.fleet.redis.del(at(`${id}:lock`));
    expect(await failed()).to.deep.equal([id]);
    expect(await test.fleet.redis.lrange(at('active'), 0, -1)).to.deep.equal([]);
  });

  it('fail although they are taken again and again', async () => {
    const id = await broken();
    await thrownBy(test.start());
    await test.fleet.redis.hset(at(id), 'defa', 'job stalled more than allowable limit');
    expect(await failed()).to.deep.equal([id]);
  });

  it('are taken from the queue where there is something else in the place of one', async () => {
    const { redis } = test.fleet;
    await redis.set(at('text'), 'text');
    await redis.lpush(at('wait'), 'text');
    expect(await failed()).to.deep.equal(['text']);
    expect(await redis.lrange(at('wait'), 0, -1)).to.deep.equal([]);
    expect(await test.fleet.queue.getFailedCount()).to.equal(0);
  });

  it('are no others', async () => {
    await test.add(payloadFor('whole.org'));
    await test.start();
    await test.add(payloadFor('waits.org'));
    expect(await failed()).to.deep.equal([]);
    expect(await test.fleet.queue.getJobCounts('active', 'wait')).to.include({ active: 1 });
  });
});
