import { expect } from 'chai';
import type { Fleet } from '../../../src/jobs/fleet/fleet.ts';
import { forgetCancel, readCancels, requestCancel } from '../../../src/jobs/queue/cancellations.ts';
import { until } from '../../support/until.ts';
import { startTestQueue, type TestQueue } from '../fixture.ts';

describe('a cancellation', () => {
  let test: TestQueue;
  let fleet: Fleet;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
  });

  after(() => test.close());

  it('is known to whoever asks, in the order asked', async () => {
    await requestCancel(fleet.redis, fleet.keys, 'b', 'root@ops');
    expect(await readCancels(fleet.redis, fleet.keys, ['a', 'b', 'c'])).to.deep.equal([
      null,
      'root@ops',
      null,
    ]);
  });

  it('is told at once to those who listen', async () => {
    const { redis } = await test.another();
    const heard: unknown[] = [];
    redis.on('message', (channel) => heard.push(channel));
    await redis.subscribe(fleet.keys.cancelChannel);
    await requestCancel(fleet.redis, fleet.keys, 'told', 'root@ops');
    await until('it was heard', () => heard.length > 0);
    expect(heard).to.deep.equal([fleet.keys.cancelChannel]);
  });

  it('can be taken back', async () => {
    await requestCancel(fleet.redis, fleet.keys, 'back', 'root@ops');
    await forgetCancel(fleet.redis, fleet.keys, 'back');
    expect(await readCancels(fleet.redis, fleet.keys, ['back'])).to.deep.equal([null]);
  });

  it('does not stay in Redis for ever', async () => {
    await requestCancel(fleet.redis, fleet.keys, 'ttl', 'root@ops');
    expect(await fleet.redis.ttl(fleet.keys.cancel('ttl'))).to.be.within(3600, 7 * 24 * 3600);
  });

  it('of nothing asks Redis nothing', async () => {
    expect(await readCancels(fleet.redis, fleet.keys, [])).to.deep.equal([]);
  });
});
