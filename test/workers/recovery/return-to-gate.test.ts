import { expect } from 'chai';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import { creation, enqueueRows } from '../../../src/jobs/queue/enqueue.ts';
import { failMissingRows } from '../../../src/workers/recovery/missing-rows.ts';
import { reconcile } from '../../../src/workers/recovery/reconcile.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { startTestQueue, type TestQueue } from '../../jobs/fixture.ts';
import { batchRow } from '../../support/batch-row.ts';

describe('a row with a parked job that does not wait at the gate', () => {
  let test: TestQueue;
  let fleet: KeyedFleet;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
  });

  beforeEach(() => test.redis.flush());

  after(() => test.close());

  async function batch(...domains: string[]): Promise<string> {
    const about = {
      kind: 'create',
      name: 'f.csv',
      reason: '',
      by: 'root@ops',
      total: domains.length,
    } as const;
    const id = await fleet.batches.create(about);
    const rows = domains.map((domain, at) => ({
      row: at + 1,
      ...creation({ options: sampleOptions({ domain }), tries: 3 }),
    }));
    await enqueueRows(fleet, id, rows);
    return id;
  }

  async function held(id: string): Promise<string[]> {
    return await fleet.redis.zrange(fleet.keys.held(id), '0', '-1');
  }

  // One is active whose release a replica had not got yet when it became the master, but whose worker could still say that it began.
  for (const state of ['waiting', 'retrying', 'active'] as const) {
    it(`is put there, whether it is ${state}`, async () => {
      const id = await batch('a.example.org', 'b.example.org');
      const { jobId } = (await batchRow(fleet.batches, id, 1)) ?? {};
      const report = { batchId: id, row: 1, domain: 'a.example.org', jobId, generation: 0, attempt: 1 };
      await fleet.batches.report({ ...report, state });
      await fleet.redis.zrem(fleet.keys.held(id), 1);
      expect(await reconcile(fleet)).to.equal(1);
      expect(await held(id)).to.deep.equal(['1', '2']);
    });
  }

  it('is left alone where it was let through', async () => {
    const id = await batch('a.example.org');
    await fleet.redis.zrem(fleet.keys.held(id), 1);
    await fleet.redis.zadd(fleet.keys.released(id), Date.now(), 1);
    expect(await reconcile(fleet)).to.equal(0);
  });

  it('is left alone where its job is that of another row', async () => {
    await batch('a.example.org');
    const id = await batch('a.example.org');
    expect(await reconcile(fleet)).to.equal(0);
    expect(await held(id)).to.deep.equal([]);
  });

  it('is found where nobody knew of the row, and not given up as lost', async () => {
    const id = await batch('a.example.org', 'b.example.org', 'c.example.org');
    const { redis, keys, batches } = fleet;
    await redis.hdel(keys.rows(id), '2');
    await redis.zrem(keys.held(id), 2);
    await redis.zrem(`${keys.counts(id)}:waiting`, 2);
    await redis.hincrby(keys.counts(id), 'waiting', -1);
    await redis.hset(keys.batch(id), 'shortSince', Date.now() - 60_000);
    expect(await failMissingRows(fleet, await batches.get(id))).to.equal(1);
    expect(await batchRow(batches, id, 2)).to.include({ state: 'waiting', domain: 'b.example.org' });
    expect(await held(id)).to.deep.equal(['1', '2', '3']);
  });
});
