import { expect } from 'chai';
import type { Fleet } from '../../../src/jobs/fleet/fleet.ts';
import { requestCancel } from '../../../src/jobs/queue/cancellations.ts';
import { Cancelled, type CancelWatch, createCancelWatch } from '../../../src/workers/run/cancel-watch.ts';
import { startTestQueue, type TestQueue } from '../../jobs/fixture.ts';
import { until } from '../../support/until.ts';

describe('watching for cancellations', () => {
  let test: TestQueue;
  let fleet: Fleet;
  let watch: CancelWatch;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
    watch = await createCancelWatch(fleet.redis, fleet.keys, () => undefined);
  });

  after(async () => {
    watch.stop();
    await test.close();
  });

  it('aborts the job that somebody wants stopped, and no other, saying who it was', async () => {
    const [mine, other] = [watch.watch('mine'), watch.watch('other')];
    await requestCancel(fleet.redis, fleet.keys, 'mine', 'root@ops');
    await until('it was told', () => mine.signal.aborted);
    expect(mine.signal.reason).to.be.instanceOf(Cancelled);
    expect(String(mine.signal.reason)).to.include('root@ops');
    expect(other.signal.aborted).to.equal(false);
  });

  it('notices a cancellation whose message was lost', async () => {
    const { signal, looked } = watch.watch('lost');
    await looked;
    await fleet.redis.set(fleet.keys.cancel('lost'), 'root@ops');
    await until('it was seen', () => signal.aborted);
  });

  it('aborts a job that was cancelled before it began, by the end of its first look', async () => {
    await requestCancel(fleet.redis, fleet.keys, 'before', 'root@ops');
    const { signal, looked } = watch.watch('before');
    await looked;
    expect(signal.aborted).to.equal(true);
  });

  it('lets go of a job that has ended, though not of its next run', async () => {
    const first = watch.watch('twice');
    const second = watch.watch('twice');
    first.done();
    await requestCancel(fleet.redis, fleet.keys, 'twice', 'root@ops');
    await until('the second run was told', () => second.signal.aborted);
    expect(first.signal.aborted).to.equal(false);
  });
});
