import { expect } from 'chai';
import type { CouchServer } from '../../src/couchdb/server.ts';
import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { keepReport, REPORT, readKeptMeasures, readKeptReport } from '../../src/usage/kept-report.ts';
import type { MeasuredInstance } from '../../src/usage/measure-instance.ts';
import { UsageCounter } from '../../src/usage/usage-summary.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { thrownBy } from '../support/thrown-by.ts';

describe('the report that is kept', () => {
  let test: TestFleet;
  let one: StoredInstance;
  let other: StoredInstance;

  before(async () => {
    test = await startTestFleet({ worker: false });
    one = await test.putInstance({ domain: test.domain('one'), disk_quota: '1000' });
    other = await test.putInstance({ domain: test.domain('other') });
  });

  after(async () => {
    if (test?.couch.real) await test.server.deleteDatabase(REPORT);
    await test?.close();
  });

  const measured = (instance: StoredInstance, files: number): MeasuredInstance => ({
    instance,
    measures: { files, diskUsed: 900 },
    problems: [],
  });

  /** Keeps a report of both instances. @param files how many each has */
  async function keep(files: number, server: CouchServer = test.server): Promise<void> {
    const counter = new UsageCounter(Date.now());
    const keeper = keepReport(server, Date.now);
    for (const instance of [one, other]) {
      counter.add(measured(instance, files));
      await keeper.add(measured(instance, files));
    }
    await keeper.end(counter.summary());
  }

  async function keptFiles(): Promise<(number | undefined)[]> {
    const kept = await readKeptMeasures(test.server, [one, other]);
    return kept.map(({ measures }) => measures.files);
  }

  it('has every row where another report is written at the same time', async () => {
    await keep(1);
    let isBusy = false;
    const crossed: CouchServer = {
      ...test.server,
      async allDocuments(...args) {
        const rows = await test.server.allDocuments(...args);
        if (!isBusy) {
          isBusy = true;
          await keep(2);
        }
        return rows;
      },
    };
    await keep(3, crossed);
    expect(isBusy).to.equal(true);
    expect(await keptFiles()).to.deep.equal([3, 3]);
    expect((await readKeptReport(test.server))?.summary.files).to.equal(6);
  });

  it('is not said to be kept where others write a row faster', async () => {
    await keep(4);
    const crossed: CouchServer = {
      ...test.server,
      async bulkInsert(...args) {
        await keep(5);
        return await test.server.bulkInsert(...args);
      },
    };
    const error = await thrownBy(keep(6, crossed));
    expect(error).to.include({ code: 'couchdb', error: 'conflict' });
    expect((await readKeptReport(test.server))?.summary.files).to.equal(10);
  });

  it('stays the one before where CouchDB refuses a row', async () => {
    await keep(7);
    const refusing: CouchServer = {
      ...test.server,
      async bulkInsert(database, documents, signal) {
        const [first, ...rest] = documents;
        const id = first?._id ?? '';
        const rows = await test.server.bulkInsert(database, rest, signal);
        return [{ id, error: 'forbidden', reason: 'not these days' }, ...rows];
      },
    };
    const error = await thrownBy(keep(8, refusing));
    expect(error).to.include({ code: 'couchdb', status: 403 });
    expect((await readKeptReport(test.server))?.summary.files).to.equal(14);
    expect(await keptFiles()).to.include(7);
  });

  it('tells the share of the quota that there is now', async () => {
    await keep(1);
    const shares = async (...quotas: string[]) => {
      const instances = quotas.map((disk_quota) => ({ ...one, disk_quota }));
      return (await readKeptMeasures(test.server, instances)).map(({ measures }) => measures.diskShare);
    };
    expect(await shares('1000', '2000', '')).to.deep.equal([90, 45, undefined]);
  });

  it('names a quota that cannot be read', async () => {
    await keep(1);
    const [kept] = await readKeptMeasures(test.server, [{ ...one, disk_quota: 'much' }]);
    expect(kept?.measures).to.include({ diskUsed: 900 }).and.not.have.property('diskShare');
    expect(kept?.problems.map(({ reading }) => reading)).to.deep.equal(['usage']);
  });
});
