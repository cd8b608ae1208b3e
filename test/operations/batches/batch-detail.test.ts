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

  it('counts a row once, at the first of the stages that its job runs side by side', async () => {
    const { fleet } = test;
    const about = { kind: 'create', name: 'g.csv', reason: '', by: 'root@ops', total: 1 } as const;
    const id = await fleet.batches.create(about);
    const domain = test.domain('together');
    await enqueueRows(fleet, id, [{ ...creation(await test.request({ domain })), row: 1 }]);
    const rows = fleet.batches.rows(id);
    const { jobId = '' } = (await rows.next()).value ?? {};
    const at = { batchId: id, row: 1, domain, jobId, tries: 1, generation: 0, attempt: 1 };
    await fleet.batches.report({ ...at, state: 'active' });
    const running = (stage: string) => ({ stage, state: 'running', startedAt: 1, tries: 1, generation: 0 });
    const done = { ...running('databases'), state: 'done', ms: 1 };
    const together = ['indexes', 'directories', 'settings'].map(running);
    const progress = JSON.stringify({ stages: [done, ...together] });
    await fleet.redis.hset(fleet.keys.bull(jobId), 'progress', progress);
    const { activeByStage } = await batchDetail(fleet, await fleet.batches.get(id), Date.now());
    expect(activeByStage).to.deep.equal([{ stage: 'indexes', rows: 1 }]);
  });
});
