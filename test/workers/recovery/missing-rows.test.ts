import { expect } from 'chai';
import type { Batches, NewBatch } from '../../../src/jobs/batches/batches.ts';
import { openSubmission } from '../../../src/jobs/batches/submission.ts';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import { failMissingRows, missingRows } from '../../../src/workers/recovery/missing-rows.ts';
import { startTestQueue, type TestQueue } from '../../jobs/fixture.ts';
import { batchRow } from '../../support/batch-row.ts';

describe('missingRows', () => {
  for (const [there, total, missing] of [
    [[], 3, [1, 2, 3]],
    [[2, 3, 5], 4, [4]],
    [[2, 5], 4, [3, 4]],
    [[2, 3], 4, [4, 5]],
    [[1, 2], 2, []],
    [[1, 2, 3], 2, []],
    [[Number.NaN, 2], 3, [3, 4]],
    [[2 ** 60, 2 ** 53, -4, 1.5], 2, [1, 2]],
    [[Number.MAX_SAFE_INTEGER], 3, []],
  ] as const) {
    it(`takes ${missing.join(', ') || 'none'} for missing of ${total} where ${there.join(', ') || 'none'} are there`, () => {
      expect(missingRows(there, total)).to.deep.equal(missing);
    });
  }
});

describe('missingRows of a batch that lacks very many', () => {
  it('gives some of them, in little time', () => {
    expect(missingRows([], 10 ** 12)).to.have.length.below(100_000);
  });
});

describe('rows that are not in Redis', () => {
  const about: NewBatch = { kind: 'create', name: 'f.csv', reason: '', by: 'root@ops', total: 4 };
  let test: TestQueue;
  let fleet: KeyedFleet;
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
    expect(await batchRow(batches, batchId, 3)).to.include({ state: 'failed', code: 'lost' });
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

  it('end their batch although all have jobs, of other numbers than were taken for theirs', async () => {
    const id = await batches.create({ ...about, total: 3 });
    await fleet.redis.hset(fleet.keys.batch(id), 'shortSince', Date.now() - 60_000);
    expect(await failMissingRows(fleet, await batches.get(id))).to.equal(3);
    const report = { batchId: id, domain: 'x.org', generation: 0, attempt: 1 };
    for (const row of [2, 3, 4]) await batches.report({ ...report, row, state: 'active' });
    expect((await batches.get(id)).endedAt).to.equal(undefined);
    for (const row of [2, 3, 4]) await batches.report({ ...report, row, state: 'done' });
    expect((await batches.get(id)).endedAt).to.be.a('number');
  });

  for (const [state, code] of [
    ['waiting', undefined],
    ['failed', 'busy'],
  ] as const) {
    it(`are what who submits them says when it comes back late: ${state}`, async () => {
      await look();
      await lookAgain();
      const report = { batchId, row: 3, domain: '3.org', jobId: 'j', generation: 0, attempt: 0 };
      expect(await batches.report({ ...report, state, ...(code && { code }) })).to.equal(true);
      expect(await batchRow(batches, batchId, 3)).to.include({ state, domain: '3.org', jobId: 'j' });
    });
  }

  it('are not failed when they come while that is done', async () => {
    const report = { batchId, row: 3, domain: '3.org', generation: 0, attempt: 0 };
    await batches.report({ ...report, state: 'waiting' });
    await batches.giveUp({ batchId, row: 3, domain: '(lost)', code: 'lost' });
    expect(await batchRow(batches, batchId, 3)).to.include({ state: 'waiting', domain: '3.org' });
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
