import { expect } from 'chai';
import { beat, leave, listWorkers, type WorkerState } from '../../../src/jobs/redis/worker-heartbeat.ts';
import { startTestQueue, type TestQueue } from '../fixture.ts';

describe('the list of workers', () => {
  let test: TestQueue;

  before(async () => {
    test = await startTestQueue();
  });

  beforeEach(() => test.redis.flush());

  after(() => test.close());

  function state(id: string, changes: Partial<WorkerState> = {}): WorkerState {
    return { id, host: 'h', pid: 7, concurrency: 4, running: 1, startedAt: 5, waitsFor: '', ...changes };
  }

  const list = () => listWorkers(test.fleet.redis, test.fleet.keys);

  it('has those that live, oldest first', async () => {
    await beat(test.fleet.redis, test.fleet.keys, state('young', { startedAt: 9 }));
    await beat(test.fleet.redis, test.fleet.keys, state('old', { startedAt: 1, waitsFor: 'CouchDB' }));
    expect(await list()).to.deep.equal([
      state('old', { startedAt: 1, waitsFor: 'CouchDB' }),
      state('young', { startedAt: 9 }),
    ]);
  });

  it('has one that left no more', async () => {
    await beat(test.fleet.redis, test.fleet.keys, state('a'));
    await leave(test.fleet.redis, test.fleet.keys, 'a');
    expect(await list()).to.deep.equal([]);
  });

  it('forgets one that was silent for too long', async () => {
    await beat(test.fleet.redis, test.fleet.keys, state('dead'));
    await test.fleet.redis.del(test.fleet.keys.worker('dead'));
    expect(await list()).to.deep.equal([]);
    expect(await test.fleet.redis.zcard(test.fleet.keys.workers)).to.equal(0);
  });
});
