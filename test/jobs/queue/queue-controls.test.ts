import { expect } from 'chai';
import {
  limitConcurrency,
  limitRate,
  pauseQueue,
  readControls,
  resumeQueue,
} from '../../../src/jobs/queue/queue-controls.ts';
import { payloadFor, startTestQueue, type TestQueue } from '../fixture.ts';

describe('what holds for the whole queue', () => {
  let test: TestQueue;

  before(async () => {
    test = await startTestQueue();
  });

  beforeEach(() => test.redis.flush());

  after(() => test.close());

  const who = { by: 'me@ops', reason: 'an upgrade', at: 1_700_000_000_000 };
  const controls = () => readControls(test.fleet);

  it('is nothing at first', async () => {
    expect(await controls()).to.deep.equal({});
  });

  it('says who has paused it and why, until it is resumed', async () => {
    await pauseQueue(test.fleet, who);
    expect(await test.fleet.queue.isPaused()).to.equal(true);
    expect(await controls()).to.deep.equal({ paused: { who } });
    await resumeQueue(test.fleet);
    expect(await test.fleet.queue.isPaused()).to.equal(false);
    expect(await controls()).to.deep.equal({});
  });

  it('names nobody for a pause by something else', async () => {
    await test.fleet.queue.pause();
    expect(await controls()).to.deep.equal({ paused: {} });
  });

  it('names nobody for a pause by something else after one of ours that something else has ended', async () => {
    await pauseQueue(test.fleet, who);
    await test.fleet.queue.resume();
    expect(await controls()).to.deep.equal({});
    await test.fleet.queue.pause();
    expect(await controls()).to.deep.equal({ paused: {} });
  });

  it('keeps no job from being queued, nor lets one be taken', async () => {
    await pauseQueue(test.fleet, who);
    await test.add(payloadFor('a.example.org'));
    expect(await test.start().catch(() => 'none')).to.equal('none');
    await resumeQueue(test.fleet);
    expect((await test.start()).name).to.equal('create');
  });

  it('limits how many jobs run at a time', async () => {
    await limitConcurrency(test.fleet, 1, who);
    expect(await controls()).to.deep.equal({ concurrency: { most: 1, who } });
    await test.add(payloadFor('a.example.org'));
    await test.add(payloadFor('b.example.org'));
    await test.start();
    expect(await test.start().catch(() => 'none')).to.equal('none');
    await limitConcurrency(test.fleet, undefined, who);
    expect(await controls()).to.deep.equal({});
    await test.start();
  });

  it('limits how many jobs begin, and the next limit counts anew', async () => {
    await limitRate(test.fleet, { max: 1, durationMs: 60_000 }, who);
    expect(await controls()).to.deep.equal({ rate: { max: 1, durationMs: 60_000, who } });
    for (const name of ['a', 'b', 'c']) await test.add(payloadFor(`${name}.example.org`));
    await test.start();
    expect(await test.start().catch(() => 'none')).to.equal('none');
    expect(await test.fleet.queue.getRateLimitTtl()).to.be.above(30_000);
    await limitRate(test.fleet, { max: 2, durationMs: 30_000 }, who);
    expect(await test.fleet.queue.getRateLimitTtl()).to.be.at.most(0);
    await limitRate(test.fleet, undefined, who);
    expect(await controls()).to.deep.equal({});
  });

  it('names nobody for a limit that something else has changed', async () => {
    await limitConcurrency(test.fleet, 5, who);
    await limitRate(test.fleet, { max: 5, durationMs: 1_000 }, who);
    await test.fleet.queue.setGlobalConcurrency(8);
    await test.fleet.queue.setGlobalRateLimit(5, 2_000);
    expect(await controls()).to.deep.equal({
      concurrency: { most: 8 },
      rate: { max: 5, durationMs: 2_000 },
    });
  });

  it('is read where a stranger has written', async () => {
    const { redis, keys } = test.fleet;
    await redis.hset(keys.bull('meta'), { paused: 'x', concurrency: 'many', max: '-3', duration: '1' });
    await redis.hset(keys.queueControls, { pause: '{"by":1}', concurrency: 'nonsense', rate: '[]' });
    expect(await controls()).to.deep.equal({ paused: {} });
  });
});
