import { expect } from 'chai';
import type { Batches, NewBatch } from '../../src/jobs/batches.ts';
import type { Fleet } from '../../src/jobs/fleet.ts';
import { openSubmission } from '../../src/jobs/submission.ts';
import { failMissingRows, missingRows } from '../../src/workers/missing-rows.ts';
import { startTestQueue, type TestQueue } from '../jobs/fixture.ts';

describe('missingRows', () => {
  for (const [there, total, missing] of [
    [[], 3, [1, 2, 3]],
    [[2, 3, 5], 4, [4]],
    [[2, 5], 4, [3, 4]],
    [[2, 3], 4, [4, 5]],
    [[1, 2], 2, []],
    [[1, 2, 3], 2, []],
  ] as const) {
    it(`takes ${missing.join(', ') || 'none'} for missing of ${total} where ${there.join(', ') || 'none'} are there`, () => {
      expect(missingRows(there, total)).to.deep.equal(missing);
    });
  }
});

describe('rows that are not in Redis', () => {
  const about: NewBatch = { kind: 'create', name: 'f.csv', reason: '', by: 'root@ops', total: 4 };
  let test: TestQueue;
  let fleet: Fleet;
  let batches: Batches;
  let batchId: string;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
    batches = fleet.batches;
  });

  beforeEach(async () => {
    await test.redis.flush();
    batchId = await batches.create(about);
    for (const row of [2, 5]) {
      await batches.report({ batchId, row, domain: `${row}.org`, state: 'done', generation: 0, attempt: 1 });
    }
  });

  after(() => test.close());

  /** Has them looked at, as if they had been missing before already. */
  async function look(): Promise<number> {
    return await failMissingRows(fleet, await batches.get(batchId));
  }
  async function lookAgain(): Promise<number> {
    await fleet.redis.hset(fleet.keys.batch(batchId), 'shortSince', Date.now() - 60_000);
    return await look();
  }

  it('are given some time to come', async () => {
    expect(await look()).to.equal(0);
    expect(await look()).to.equal(0);
  });

  it('fail as lost then, and end their batch', async () => {
    await look();
    expect(await lookAgain()).to.equal(2);
    const batch = await batches.get(batchId);
    expect(batch.counts).to.include({ done: 2, failed: 2 });
    expect(batch.endedAt).to.be.a('number');
    expect(await batches.row(batchId, 3)).to.include({ state: 'failed', code: 'lost' });
  });

  it('are waited for while somebody adds them', async () => {
    await look();
    const open = await openSubmission(fleet, batchId, about);
    expect(await lookAgain()).to.equal(0);
    await open.close();
    expect(await look()).to.equal(0);
    expect(await lookAgain()).to.equal(2);
  });

  it('may turn out to have jobs after all', async () => {
    await look();
    await lookAgain();
    const report = { batchId, row: 3, domain: '3.org', generation: 0, attempt: 1 };
    expect(await batches.report({ ...report, state: 'active' })).to.equal(true);
    expect((await batches.get(batchId)).endedAt).to.equal(undefined);
    await batches.report({ ...report, state: 'done' });
    expect((await batches.get(batchId)).counts).to.include({ done: 3, failed: 1 });
  });

  it('do not hide that Redis has forgotten the batch while its rows were added', async () => {
    const open = await openSubmission(fleet, batchId, about);
    await fleet.redis.del(fleet.keys.batch(batchId), fleet.keys.batches);
    await batches.report({ batchId, row: 6, domain: '6.org', state: 'waiting', generation: 0, attempt: 0 });
    await open.close();
    const [found] = await batches.list(1);
    expect(found).to.include({ id: batchId, name: 'f.csv', by: 'root@ops', total: 4 });
  });
});
