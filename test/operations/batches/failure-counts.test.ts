import { expect } from 'chai';
import { failuresOf } from '../../../src/operations/batches/failure-counts.ts';
import { startTestQueue, type TestQueue } from '../../jobs/fixture.ts';

describe('the causes of failures', () => {
  let test: TestQueue;

  before(async () => {
    test = await startTestQueue();
  });

  after(() => test.close());

  const made = (total: number) =>
    test.fleet.batches.create({ kind: 'create', name: 'x', reason: '', by: 'me', total });

  const failures = async (id: string) =>
    await failuresOf(test.fleet.batches, await test.fleet.batches.get(id));

  async function fail(batchId: string, row: number, code: string, stage?: string): Promise<void> {
    const about = { batchId, row, domain: `r${row}.org`, generation: 0, attempt: 1, code };
    await test.fleet.batches.report({ ...about, state: 'failed', ...(stage !== undefined && { stage }) });
  }

  async function failFour(): Promise<string> {
    const id = await made(5);
    await fail(id, 1, 'taken', 'finish');
    await fail(id, 2, 'couchdb', 'register');
    await fail(id, 3, 'couchdb', 'finish');
    await fail(id, 4, 'lost');
    return id;
  }

  const FOUR = {
    byCode: [
      { code: 'couchdb', rows: 2 },
      { code: 'taken', rows: 1 },
      { code: 'lost', rows: 1 },
    ],
    byStage: [
      { stage: '', rows: 1 },
      { stage: 'register', rows: 1 },
      { stage: 'finish', rows: 2 },
    ],
  };

  it('are counted, most frequent first, with the stages in their order', async () => {
    const { byCode, byStage } = await failures(await failFour());
    expect(byCode).to.have.deep.members(FOUR.byCode);
    expect(byCode[0]).to.deep.equal(FOUR.byCode[0]);
    expect(byStage).to.deep.equal(FOUR.byStage);
  });

  it('that an earlier version has recorded are counted too', async () => {
    const id = await failFour();
    await test.fleet.redis.del(test.fleet.keys.causes(id));
    const { byCode, byStage } = await failures(id);
    expect(byCode).to.have.deep.members(FOUR.byCode);
    expect(byStage).to.deep.equal(FOUR.byStage);
  });

  it('do not count what is only tried again', async () => {
    const id = await made(1);
    const about = { batchId: id, row: 1, domain: 'r.org', generation: 0, attempt: 1 };
    await test.fleet.batches.report({ ...about, state: 'retrying', code: 'couchdb', stage: 'finish' });
    expect(await failures(id)).to.deep.equal({ byCode: [], byStage: [] });
  });

  it('are few, whatever somebody has written into Redis', async () => {
    const id = await made(200);
    for (let row = 1; row <= 200; row += 1) await fail(id, row, `code_${row}`, `stage_${row}`);
    const found = await failures(id);
    expect(found.byCode).to.have.length(50);
    expect(found.byStage).to.deep.equal([{ stage: '', rows: 200 }]);
  });
});
