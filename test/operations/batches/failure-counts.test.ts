import { expect } from 'chai';
import { createFailureCounter } from '../../../src/operations/batches/failure-counts.ts';
import { startTestQueue, type TestQueue } from '../../jobs/fixture.ts';

describe('the causes of failures', () => {
  let test: TestQueue;

  before(async () => {
    test = await startTestQueue();
  });

  after(() => test.close());

  const made = (total: number) =>
    test.fleet.batches.create({ kind: 'create', name: 'x', reason: '', by: 'me', total });

  async function fail(batchId: string, row: number, code: string, stage?: string): Promise<void> {
    const about = { batchId, row, domain: `r${row}.org`, generation: 0, attempt: 1, code };
    await test.fleet.batches.report({ ...about, state: 'failed', ...(stage !== undefined && { stage }) });
  }

  it('are counted, most frequent first, with the stages in their order', async () => {
    const id = await made(5);
    await fail(id, 1, 'taken', 'finish');
    await fail(id, 2, 'couchdb', 'register');
    await fail(id, 3, 'couchdb', 'finish');
    await fail(id, 4, 'lost');
    const { byCode, byStage } = await createFailureCounter(test.fleet).count(
      await test.fleet.batches.get(id),
    );
    expect(byCode).to.deep.equal([
      { code: 'couchdb', rows: 2 },
      { code: 'taken', rows: 1 },
      { code: 'lost', rows: 1 },
    ]);
    expect(byStage).to.deep.equal([
      { stage: '', rows: 1 },
      { stage: 'register', rows: 1 },
      { stage: 'finish', rows: 2 },
    ]);
  });

  it('are counted again only after a while, and when the batch has ended', async () => {
    const id = await made(3);
    let now = 0;
    const counter = createFailureCounter(test.fleet, () => now);
    const rows = async () => (await counter.count(await test.fleet.batches.get(id))).byCode[0]?.rows ?? 0;
    expect(await rows()).to.equal(0);
    await fail(id, 1, 'taken');
    expect(await rows()).to.equal(1);
    await fail(id, 2, 'taken');
    now = 2_999;
    expect(await rows()).to.equal(1);
    now = 3_000;
    expect(await rows()).to.equal(2);
    await fail(id, 3, 'taken');
    expect(await rows()).to.equal(3);
  });

  it('are counted more rarely the longer it takes', async () => {
    const id = await made(3);
    const clock = { now: 0, step: 0 };
    const counter = createFailureCounter(test.fleet, () => {
      clock.now += clock.step;
      return clock.now;
    });
    const rows = async () => (await counter.count(await test.fleet.batches.get(id))).byCode[0]?.rows ?? 0;
    await fail(id, 1, 'taken');
    clock.step = 1_000;
    expect(await rows()).to.equal(1);
    clock.step = 0;
    await fail(id, 2, 'taken');
    clock.now += 9_999;
    expect(await rows()).to.equal(1);
    clock.now += 1;
    expect(await rows()).to.equal(2);
  });

  it('are read once for all who ask in the same moment', async () => {
    const id = await made(2);
    await fail(id, 1, 'taken');
    const counter = createFailureCounter(test.fleet);
    const batch = await test.fleet.batches.get(id);
    const all = await Promise.all([1, 2, 3].map(() => counter.count(batch)));
    expect(all[0]?.byCode).to.deep.equal([{ code: 'taken', rows: 1 }]);
    expect(new Set(all).size).to.equal(1);
  });

  it('are few, whatever somebody has written into Redis', async () => {
    const id = await made(200);
    for (let row = 1; row <= 200; row += 1) await fail(id, row, `code_${row}`, `stage_${row}`);
    const found = await createFailureCounter(test.fleet).count(await test.fleet.batches.get(id));
    expect(found.byCode).to.have.length(50);
    expect(found.byStage).to.deep.equal([{ stage: '', rows: 200 }]);
  });
});
