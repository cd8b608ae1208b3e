import { expect } from 'chai';
import { orderDrain } from '../../../src/jobs/redis/drain-orders.ts';
import {
  beat,
  leave,
  listWorkers,
  MOST_NAMED_JOBS,
  type WorkerBeat,
} from '../../../src/jobs/redis/worker-heartbeat.ts';
import { sampleBeat } from '../../support/sample-batch.ts';
import { startTestQueue, type TestQueue } from '../fixture.ts';

describe('the list of workers', () => {
  let test: TestQueue;

  before(async () => {
    test = await startTestQueue();
  });

  beforeEach(() => test.redis.flush());

  after(() => test.close());

  const state = (id: string, changes: Partial<WorkerBeat> = {}): WorkerBeat => sampleBeat({ id, ...changes });

  const states = () => listWorkers(test.fleet.redis, test.fleet.keys);
  const list = async () => (await states()).map(({ silentMs: _ms, silent: _silent, ...said }) => said);

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

  it('reads a heartbeat of an earlier version', async () => {
    const { redis, keys } = test.fleet;
    const said = { id: 'old', host: 'h', pid: 7, concurrency: 4, running: 1, startedAt: 5, waitsFor: '' };
    await redis.hset(keys.worker('old'), said);
    await redis.zadd(keys.workers, 1, 'old');
    const told = { version: '', done: 0, failed: 0, jobs: [], breakers: [], unwell: [] };
    expect(await list()).to.deep.equal([{ ...said, ...told }]);
  });

  it('gives an earlier version the time between its own beats before it is silent', async () => {
    const { redis, keys } = test.fleet;
    const said = { id: 'old', host: 'h', pid: 7, concurrency: 4, running: 1, startedAt: 5, waitsFor: '' };
    await redis.hset(keys.worker('old'), said);
    await redis.zadd(keys.workers, 1, 'old');
    await beat(redis, keys, state('new'));
    for (const id of ['old', 'new']) await redis.pexpire(keys.worker(id), 10_000);
    const silent = (await states()).map(({ id, silent }) => [id, silent]);
    expect(silent).to.have.deep.members([
      ['old', false],
      ['new', true],
    ]);
  });

  it('takes lists that it cannot read for empty, and leaves out what is no job', async () => {
    const { redis, keys } = test.fleet;
    const job = { id: 'j', kind: 'create', domain: 'a.example.org', since: 3 };
    await beat(redis, keys, state('a', { jobs: [job] }));
    await redis.hset(keys.worker('a'), { breakers: '{"name":1', done: 'many' });
    await redis.hset(keys.worker('a'), 'jobs', JSON.stringify([job, { id: 1 }, 'x']));
    expect(await list()).to.deep.equal([state('a', { jobs: [job], breakers: [], done: 0 })]);
  });

  it('names no more jobs than there is room for', async () => {
    const job = { id: 'j', kind: 'create', domain: 'a.example.org', since: 3 };
    const jobs = Array.from({ length: 256 }, () => job);
    await beat(test.fleet.redis, test.fleet.keys, state('a', { jobs, running: 256 }));
    const [worker] = await states();
    expect(worker?.running).to.equal(256);
    expect(worker?.jobs).to.have.length(MOST_NAMED_JOBS);
  });

  it('says who wants a worker to take no further job, and forgets it with the worker', async () => {
    const { redis, keys } = test.fleet;
    const order = { by: 'me@ops', reason: 'restart', at: 7 };
    await beat(redis, keys, state('a'));
    await orderDrain(redis, keys, 'a', order);
    expect((await states())[0]?.draining).to.deep.equal(order);
    await leave(redis, keys, 'a');
    await beat(redis, keys, state('a'));
    expect((await states())[0]?.draining).to.equal(undefined);
  });

  it('takes an order that it cannot read for one of somebody', async () => {
    const { redis, keys } = test.fleet;
    await beat(redis, keys, state('a'));
    await redis.set(keys.drain('a'), 'nonsense');
    expect((await states())[0]?.draining).to.include({ by: 'somebody' });
    await redis.del(keys.drain('a'));
    await redis.lpush(keys.drain('a'), 'nonsense');
    expect((await states())[0]?.draining).to.equal(undefined);
  });
});
