import { expect } from 'chai';
import { countEnd, endedJobs, type JobLifeEnd } from '../../../src/jobs/queue/ended-jobs.ts';
import { payloadFor, startTestQueue, type TestQueue } from '../fixture.ts';

describe('jobs that have ended', () => {
  let test: TestQueue;
  let numbers: string;

  before(async () => {
    test = await startTestQueue();
    numbers = test.fleet.keys.endedJobs;
  });
  beforeEach(() => test.fleet.redis.del(numbers));
  after(() => test.close());

  const count = async (end: Partial<JobLifeEnd> & { jobId: string }) => {
    const { redis, keys } = test.fleet;
    await countEnd(redis, keys, { kind: 'destroy', state: 'done', generation: 0, ...end });
  };
  const all = () => endedJobs(test.fleet.redis, test.fleet.keys);

  it('are counted by kind and outcome', async () => {
    for (const jobId of ['a', 'b']) await test.add(payloadFor(`${jobId}.org`), jobId);
    await count({ jobId: 'a' });
    await count({ jobId: 'b', state: 'failed' });
    expect(await all()).to.have.deep.members([
      { kind: 'destroy', state: 'done', count: 1 },
      { kind: 'destroy', state: 'failed', count: 1 },
    ]);
  });

  it('are counted once, however often and in whatever order their ends are told', async () => {
    await test.add(payloadFor('once.org'), 'once');
    await Promise.all([
      count({ jobId: 'once' }),
      count({ jobId: 'once' }),
      count({ jobId: 'once', state: 'failed' }),
    ]);
    await count({ jobId: 'once', generation: 1 });
    await count({ jobId: 'once' });
    const counts = (await all()).map((each) => each.count);
    expect(counts.reduce((sum, each) => sum + each, 0)).to.equal(2);
  });

  it('are not counted where Redis does not know them', async () => {
    await count({ jobId: 'nobody' });
    expect(await all()).to.deep.equal([]);
  });

  it('end although something else is in the place of the numbers', async () => {
    await test.add(payloadFor('strange.org'), 'strange');
    await test.fleet.redis.set(numbers, 'a text');
    await count({ jobId: 'strange' });
  });
});
