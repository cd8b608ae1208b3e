import { expect } from 'chai';
import { failureGroups, rowsByCode, waitingRows } from '../../../src/operations/batches/failure-groups.ts';
import { startTestQueue, type TestQueue } from '../../jobs/fixture.ts';

/** What is injected: every row of these numbers. */
const FAULTS = [
  { rows: 200, state: 'failed', stage: 'register', code: 'taken' },
  { rows: 120, state: 'failed', stage: 'register', code: 'leftovers' },
  { rows: 60, state: 'failed', stage: 'databases', code: 'couchdb_500' },
  { rows: 40, state: 'incomplete', stage: 'apps', code: 'apps' },
  { rows: 20, state: 'failed', stage: 'finish', code: 'taken' },
] as const;

describe('what went wrong in a batch', () => {
  let test: TestQueue;
  let id: string;

  before(async () => {
    test = await startTestQueue();
    const { batches } = test.fleet;
    id = await batches.create({ kind: 'create', name: 'a.csv', reason: '', by: 'me@host', total: 500 });
    let row = 1;
    for (const { rows, state, stage, code } of FAULTS) {
      for (const last = row + rows; row < last; row += 1) {
        const about = { batchId: id, row, domain: `d${row}.example.org`, generation: 0, attempt: 1 };
        const failure = { stage, code, error: `${code} of ${row}`, advice: `mend ${row}` };
        await batches.report({ ...about, ...failure, state });
      }
    }
    for (; row <= 500; row += 1) {
      const about = { batchId: id, row, domain: `d${row}.example.org`, generation: 0, attempt: 1 };
      await batches.report({ ...about, state: 'done' });
    }
  });

  after(() => test.close());

  it('is what was injected, by stage and code, with the first row of each as an example', async () => {
    let first = 1;
    const expected = FAULTS.map(({ rows, stage, code }) => {
      const row = first;
      first += rows;
      const example = {
        row,
        domain: `d${row}.example.org`,
        message: `${code} of ${row}`,
        advice: `mend ${row}`,
      };
      return { stage, code, rows, example };
    });
    expect(await failureGroups(test.fleet, id)).to.deep.equal(expected);
  });

  it('adds up by code', async () => {
    expect(rowsByCode(await failureGroups(test.fleet, id))).to.deep.equal([
      ['taken', 220],
      ['leftovers', 120],
      ['couchdb_500', 60],
      ['apps', 40],
    ]);
  });

  it('is not what rows wait for that their workers have not, which is told with the hosts', async () => {
    const { batches } = test.fleet;
    const waiting = await batches.create({ kind: 'export', name: '', reason: '', by: 'me@host', total: 4 });
    const found = async () => await waitingRows(batches, await batches.get(waiting));
    expect(await found()).to.deep.equal([]);
    const report = async (row: number, failure: { code: string; waitsOn?: string }) => {
      const about = { batchId: waiting, row, domain: `w${row}.example.org`, generation: 0, attempt: 1 };
      const texts = { stage: 'export', error: `${failure.code} of ${row}`, advice: 'mount it' };
      await batches.report({ ...about, ...texts, ...failure, state: 'retrying' });
    };
    await report(1, { code: 'couchdb_500' });
    await report(2, { code: 'export_place' });
    await report(3, { code: 'export_place', waitsOn: 'school-2' });
    await report(4, { code: 'export_place', waitsOn: 'school-1' });
    const example = { row: 3, domain: 'w3.example.org', message: 'export_place of 3', advice: 'mount it' };
    const hosts = ['school-1', 'school-2'];
    expect(await found()).to.deep.equal([{ stage: 'export', code: 'export_place', rows: 3, hosts, example }]);
    expect(await failureGroups(test.fleet, waiting)).to.deep.equal([]);
  });

  it('takes no row for an example that cannot be read', async () => {
    const { fleet } = test;
    const before = await failureGroups(fleet, id);
    const [first] = before;
    await fleet.redis.hset(fleet.keys.rows(id), String(first?.example.row), 'nonsense');
    const groups = await failureGroups(fleet, id);
    expect(groups.map(({ code }) => code)).to.deep.equal(before.map(({ code }) => code));
    expect(groups[0]?.example.row).to.be.above(first?.example.row ?? 0);
  });
});
