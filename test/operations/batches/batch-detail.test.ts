import { expect } from 'chai';
import { creation, enqueueRows } from '../../../src/jobs/queue/enqueue.ts';
import { batchDetail } from '../../../src/operations/batches/batch-detail.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';

describe('the detail of a batch', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet({ worker: false });
  });

  after(() => test.close());

  it('says for how long the first row that waits has been in the queue', async () => {
    const { fleet } = test;
    const about = { kind: 'create', name: 'f.csv', reason: '', by: 'root@ops', total: 2 } as const;
    const id = await fleet.batches.create(about);
    const look = async (now: number) =>
      (await batchDetail(fleet, await fleet.batches.get(id), now)).oldestWaitingMs;
    expect(await look(Date.now())).to.equal(undefined);
    await enqueueRows(fleet, id, [
      { ...creation(await test.request({ domain: test.domain('one') })), row: 1 },
    ]);
    const [job] = await fleet.queue.getDelayed();
    const { id: jobId = '', timestamp = 0 } = job ?? {};
    expect(await look(timestamp + 5_000)).to.equal(5_000);
    await fleet.redis.hset(fleet.keys.bull(jobId), 'timestamp', 'long ago');
    expect(await look(timestamp)).to.equal(undefined);
    await fleet.redis.set(fleet.keys.bull(jobId), 'of another type');
    expect(await look(timestamp)).to.equal(undefined);
  });
});
