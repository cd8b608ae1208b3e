import { expect } from 'chai';
import { countEnd } from '../../../src/jobs/queue/ended-jobs.ts';
import { pauseQueue } from '../../../src/jobs/queue/queue-controls.ts';
import { orderDrain } from '../../../src/jobs/redis/drain-orders.ts';
import { beat } from '../../../src/jobs/redis/worker-heartbeat.ts';
import { drainWorker, findWorker, undrainWorker } from '../../../src/operations/queue/drain-worker.ts';
import { queueStats } from '../../../src/operations/queue/queue-stats.ts';
import { payloadFor, startTestQueue, type TestQueue } from '../../jobs/fixture.ts';
import { sampleBeat } from '../../support/sample-batch.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('the queue as a whole', () => {
  let test: TestQueue;

  before(async () => {
    test = await startTestQueue();
  });

  beforeEach(() => test.redis.flush());

  after(() => test.close());

  const stats = () => queueStats(test.fleet);

  it('is empty at first', async () => {
    expect(await stats()).to.deep.equal({
      jobs: { waiting: 0, active: 0, retrying: 0, done: 0, failed: 0 },
      endedLastMinute: { done: 0, skipped: 0, incomplete: 0, failed: 0, cancelled: 0 },
      workers: { working: 0, waiting: 0, draining: 0, silent: 0, slots: 0 },
      away: [],
      batches: [],
    });
  });

  it('counts jobs that are parked as waiting, and those that are tried again as retrying', async () => {
    const parked = await test.add(payloadFor('parked.example.org'));
    await test.start();
    await parked.moveToDelayed(Date.UTC(2060, 0, 1), 'token');
    const late = await test.add(payloadFor('late.example.org'));
    await test.start();
    await late.moveToDelayed(Date.now() + 3_600_000, 'token');
    const { jobs, oldestWaiting } = await stats();
    expect(jobs).to.include({ waiting: 1, retrying: 1, active: 0 });
    expect(oldestWaiting).to.equal(new Date(parked.timestamp).toISOString());
  });

  it('says how many jobs ended in the last minute, each once', async () => {
    const { redis, keys } = test.fleet;
    const { id: jobId = '' } = await test.add(payloadFor('a.example.org'));
    const end = { jobId, kind: 'create', state: 'failed', generation: 0 } as const;
    await countEnd(redis, keys, end);
    await countEnd(redis, keys, end);
    await countEnd(redis, keys, { ...end, state: 'done', generation: 1 });
    expect((await stats()).endedLastMinute).to.include({ done: 1, failed: 1 });
  });

  it('forgets what ended before the last minute, and what a stranger has written', async () => {
    const { redis, keys } = test.fleet;
    const { id: jobId = '' } = await test.add(payloadFor('a.example.org'));
    await redis.hset(keys.endedLately, { '170000000 done': 5, 'x done': 3, nonsense: 'x' });
    expect((await stats()).endedLastMinute.done).to.equal(0);
    await countEnd(redis, keys, { jobId, kind: 'create', state: 'done', generation: 0 });
    expect((await stats()).endedLastMinute.done).to.equal(1);
    expect(await redis.hlen(keys.endedLately)).to.equal(1);
  });

  it('counts each worker once, and the slots of those that take jobs', async () => {
    const { redis, keys } = test.fleet;
    const away = { name: 'CouchDB db1', reason: 'does not answer' };
    await beat(redis, keys, sampleBeat({ id: 'a' }));
    await beat(redis, keys, sampleBeat({ id: 'b', unwell: [away] }));
    await beat(redis, keys, sampleBeat({ id: 'c' }));
    await orderDrain(redis, keys, 'c', { by: 'me', reason: '', at: 1 });
    await beat(redis, keys, sampleBeat({ id: 'd', unwell: [{ ...away, name: 'CouchDB db2' }] }));
    await redis.pexpire(keys.worker('d'), 5_000);
    const { workers, away: found } = await stats();
    expect(workers).to.deep.equal({ working: 1, waiting: 1, draining: 1, silent: 1, slots: 8 });
    expect(found).to.deep.equal([away]);
  });

  it('says who has paused it', async () => {
    await pauseQueue(test.fleet, { by: 'me@ops', reason: '', at: 0 });
    expect((await stats()).paused).to.deep.equal({ by: 'me@ops', since: '1970-01-01T00:00:00.000Z' });
  });

  it('shows the batches under way', async () => {
    const { batches } = test.fleet;
    const about = { kind: 'create', name: 'a.csv', reason: '', by: 'me@ops', total: 3 } as const;
    const batch = await batches.create(about);
    const report = { batchId: batch, row: 1, generation: 0, attempt: 0, domain: 'a.example.org' };
    await batches.report({ ...report, state: 'done' });
    expect((await stats()).batches).to.deep.equal([
      { batch, kind: 'create', name: 'a.csv', total: 3, ended: 1 },
    ]);
  });

  describe('a worker', () => {
    const order = { by: 'me@ops', reason: 'restart', at: 1 };

    beforeEach(async () => {
      for (const id of ['abc', 'abd', 'x']) await beat(test.fleet.redis, test.fleet.keys, sampleBeat({ id }));
    });

    it('is found by its id, and by how no other one begins', async () => {
      expect((await findWorker(test.fleet, 'abc')).id).to.equal('abc');
      expect((await findWorker(test.fleet, 'x')).id).to.equal('x');
    });

    for (const named of ['ab', '', 'nobody']) {
      it(`is not found by ${JSON.stringify(named)}`, async () => {
        const error = await thrownBy(drainWorker(test.fleet, named, order));
        expect(error).to.include({ code: 'unknown_worker' });
      });
    }

    it('is told to take no further job, and to take jobs again', async () => {
      expect((await drainWorker(test.fleet, 'x', order)).draining).to.equal(undefined);
      expect((await findWorker(test.fleet, 'x')).draining).to.deep.equal(order);
      expect((await undrainWorker(test.fleet, 'x')).draining).to.deep.equal(order);
      expect((await findWorker(test.fleet, 'x')).draining).to.equal(undefined);
    });
  });
});
