import { expect } from 'chai';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import type { StoredDate } from '../../../src/jobs/dates/date-document.ts';
import { jobOfDate } from '../../../src/jobs/dates/date-ids.ts';
import { readProgress } from '../../../src/jobs/queue/progress.ts';
import { readRecord } from '../../../src/stack/export/archive-place.ts';
import { type ArchiveStack, startArchiveStack } from '../../support/archive-stack.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { DUE_MS, destroyDate, type TestDates, testDates } from '../../support/test-dates.ts';
import { capturingLog } from '../../support/test-log.ts';

describe('a date on which an instance is exported, then destroyed', () => {
  const suite = new Cleanup();
  let stack: ArchiveStack;
  let test: TestFleet;
  let dates: TestDates;
  let exportTo: string;

  before(async () => {
    stack = suite.add(await startArchiveStack(() => test.server), (each) => each.close());
    const configure = (config: TestFleet['config']) => ({ ...config, stackAdmin: stack.admin });
    test = suite.add(await startTestFleet({ configure, worker: false }), (each) => each.close());
    exportTo = suite.add(await temporaryDirectory('archives'), (each) => each.remove()).path;
  });

  beforeEach(async () => {
    dates = testDates(test, capturingLog([], []));
    await test.startWorker();
  });

  afterEach(async () => {
    stack.faults.onExported = undefined;
    await dates.clear();
  });

  after(() => suite.run());

  async function made(name: string): Promise<StoredInstance> {
    const { domain } = await test.create({ domain: test.domain(name) });
    const found = await test.instance(domain);
    if (found === undefined) throw new Error(`${domain} was not made`);
    return found;
  }

  async function set(instance: StoredInstance): Promise<StoredDate> {
    const destruction = { skipAccounts: false, resume: false, exportTo };
    return await dates.set(destroyDate(instance, { destruction }));
  }

  it('leaves the archive, and no instance', async () => {
    const instance = await made('dated');
    await stack.putFile(instance, 'a.txt', 'hello');
    const date = await set(instance);
    await dates.lookAt(DUE_MS);
    expect(await test.ended(jobOfDate(date))).to.include({ state: 'done', outcome: 'destroyed' });
    expect(await test.instance(instance.domain)).to.equal(undefined);
    const { archive } = readProgress((await test.fleet.queue.getJob(jobOfDate(date)))?.progress);
    expect(await readRecord(archive?.directory ?? '')).to.include({ files: 1, domain: instance.domain });
    await dates.lookAt(DUE_MS);
    expect(await dates.now(date)).to.equal(undefined);
  });

  it('has no stack export somebody whose date was taken back while its job waited', async () => {
    const instance = await made('cancelled');
    const date = await set(instance);
    await test.stopWorker();
    await dates.lookAt(DUE_MS);
    await dates.clear();
    const asked = stack.asked.length;
    await test.startWorker();
    expect(await test.ended(jobOfDate(date))).to.include({ state: 'failed', code: 'date_gone' });
    expect(stack.asked).to.have.length(asked);
    expect(await test.instance(instance.domain)).to.deep.equal(instance);
  });

  it('has nothing downloaded once it was taken back', async () => {
    const instance = await made('while-exporting');
    const date = await set(instance);
    stack.faults.onExported = () => dates.clear();
    const asked = stack.asked.length;
    await dates.lookAt(DUE_MS);
    expect(await test.ended(jobOfDate(date))).to.include({ state: 'failed', code: 'date_gone' });
    expect(stack.asked.slice(asked)).to.deep.equal([`POST ${instance.domain}`]);
    expect(await test.instance(instance.domain)).to.deep.equal(instance);
  });

  it('has no stack export somebody whose block was lifted while its job waited', async () => {
    const instance = await made('unblocked');
    const blocked = { ...instance, blocked: true, blocking_reason: 'LEFT' };
    const rev = await test.server.putDocument(INSTANCES, blocked);
    const destruction = { skipAccounts: false, resume: false, exportTo };
    const block = { ours: true, reason: 'LEFT' };
    const date = await dates.set(destroyDate(instance, { destruction, block }));
    await test.stopWorker();
    await dates.lookAt(DUE_MS);
    await test.server.putDocument(INSTANCES, { ...instance, _rev: rev });
    const asked = stack.asked.length;
    await test.startWorker();
    expect(await test.ended(jobOfDate(date))).to.include({ state: 'failed', code: 'unblocked' });
    expect(stack.asked).to.have.length(asked);
  });
});
