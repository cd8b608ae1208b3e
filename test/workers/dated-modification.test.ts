import { expect } from 'chai';
import type { CouchServer } from '../../src/couchdb/server.ts';
import { createDesignSource } from '../../src/instances/databases/design-source.ts';
import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import type { NewDate } from '../../src/jobs/dates/date-document.ts';
import { jobOfDate } from '../../src/jobs/dates/date-ids.ts';
import { enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import type { JobEnd } from '../../src/jobs/queue/wait-for-job.ts';
import { cancelDates } from '../../src/operations/instances/dates/cancel-dates.ts';
import { fileStorage } from '../../src/storage/file-storage.ts';
import { runModification } from '../../src/workers/run-modification.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { loneAttempt } from '../support/lone-attempt.ts';
import { DUE_MS, destroyDate, type TestDates, testDates, unblockDate } from '../support/test-dates.ts';
import { silentLog } from '../support/test-log.ts';
import { testServices } from '../support/test-services.ts';
import { thrownBy } from '../support/thrown-by.ts';

describe('blocking an instance for a date', () => {
  let test: TestFleet;
  let dates: TestDates;
  let made = 0;

  before(async () => {
    test = await startTestFleet();
    dates = testDates(test, silentLog());
  });
  after(() => test.close());
  afterEach(() => dates.clear());

  async function put(fields: Partial<StoredInstance> = {}): Promise<StoredInstance> {
    made += 1;
    const cli_secret = Buffer.from(`secret ${made}`).toString('base64');
    return await test.putInstance({ domain: test.domain(`blocked-${made}`), cli_secret, ...fields });
  }

  const read = ({ _id }: Pick<StoredInstance, '_id'>) => test.server.getDocument(INSTANCES, _id);

  async function block(instance: StoredInstance, date: NewDate): Promise<JobEnd> {
    const { _id: id, domain } = instance;
    const changes = { blocked: true, blockingReason: 'PAUSE' };
    const about = { domain, seen: { id, incarnation: incarnationOf(instance) }, changes };
    const work = { kind: 'modify', ...about, date: { id: date._id, batch: date.batch } } as const;
    const { jobId } = await enqueueJob(test.fleet, { work, tries: 2 });
    return await test.ended(jobId);
  }

  it('is written into the date once it was seen', async () => {
    const instance = await put();
    const date = await dates.set(unblockDate(instance, { block: { ours: true } }));
    expect(await block(instance, date)).to.include({ outcome: 'modified' });
    expect(await read(instance)).to.include({ blocked: true, blocking_reason: 'PAUSE' });
    expect((await dates.now(date))?.block).to.deep.equal({ ours: true, reason: 'PAUSE' });
    expect(await block(instance, date)).to.include({ outcome: 'unchanged' });
  });

  it('is not done where the date was taken back first', async () => {
    const instance = await put();
    expect(await block(instance, unblockDate(instance))).to.include({ state: 'failed', code: 'date_gone' });
    expect(await read(instance)).to.not.have.property('blocked');
  });

  it('is undone where the date is taken back while it is done', async () => {
    const instance = await put();
    const date = await dates.set(unblockDate(instance, { block: { ours: true } }));
    const global: CouchServer = {
      ...test.server,
      async putDocument(...written) {
        const rev = await test.server.putDocument(...written);
        const now = await dates.now(date);
        if (written[0] === INSTANCES && now !== undefined) await dates.store.drop([now]);
        return rev;
      },
    };
    const { storageRoot } = test;
    const given = { storage: fileStorage(storageRoot), designs: createDesignSource() };
    const { _id: id, domain } = instance;
    const seen = { id, incarnation: incarnationOf(instance) };
    const about = { v: 1, kind: 'modify', generation: 0, tries: 1, domain, seen } as const;
    const payload = { ...about, changes: { blocked: true }, date: { id: date._id, batch: date.batch } };
    const work = runModification(loneAttempt(testServices(global, given)), payload);
    expect(await thrownBy(work)).to.include({ code: 'date_gone' });
    const left = await read(instance);
    expect(left?._rev).to.match(/^3-/);
    expect(left).to.not.have.property('blocked');
  });

  /** The attempt of a job that another has died of, which had begun to write. */
  async function resumed(instance: StoredInstance, date: NewDate): Promise<unknown> {
    const given = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    const { _id: id, domain } = instance;
    const seen = { id, incarnation: incarnationOf(instance) };
    const about = { v: 1, kind: 'modify', generation: 0, tries: 1, domain, seen } as const;
    const changes = { blocked: true, blockingReason: 'PAUSE' };
    const payload = { ...about, changes, date: { id: date._id, batch: date.batch } };
    const attempt = loneAttempt(testServices(test.server, given), {}, { stages: [], begun: true });
    return await runModification(attempt, payload);
  }

  it('is known as the date’s by a worker that goes on after another had made it', async () => {
    const instance = await put({ blocked: true, blocking_reason: 'PAUSE' });
    const date = await dates.set(unblockDate(instance, { block: { ours: true, wanted: 'PAUSE' } }));
    expect(await resumed(instance, date)).to.equal('unchanged');
    expect((await dates.now(date))?.block).to.deep.equal({ ours: true, reason: 'PAUSE' });
  });

  it('is lifted by a worker that goes on where the date was taken back since', async () => {
    const instance = await put({ blocked: true, blocking_reason: 'PAUSE' });
    expect(await thrownBy(resumed(instance, unblockDate(instance)))).to.include({ code: 'date_gone' });
    expect(await read(instance)).to.not.have.property('blocked');
  });

  it('is not made by a worker that goes on where the date was taken back since', async () => {
    const instance = await put();
    expect(await thrownBy(resumed(instance, unblockDate(instance)))).to.include({ code: 'date_gone' });
    expect(await read(instance)).to.deep.equal(instance);
  });

  it('is not taken for one of somebody else by a worker that goes on', async () => {
    const instance = await put({ blocked: true, blocking_reason: 'PAYMENT_FAILED' });
    const date = await dates.set(unblockDate(instance, { block: { ours: true, wanted: 'PAUSE' } }));
    expect(await thrownBy(resumed(instance, date))).to.include({ code: 'changed' });
    await dates.clear();
    expect(await thrownBy(resumed(instance, date))).to.include({ code: 'date_gone' });
    expect(await read(instance)).to.deep.equal(instance);
  });

  it('is lifted with its destruction where nobody has noted yet that it was made', async () => {
    const instance = await put({ blocked: true, blocking_reason: 'LEFT' });
    const date = await dates.set(destroyDate(instance, { block: { ours: true, wanted: 'LEFT' } }));
    const services = { global: test.server, fleet: test.fleet };
    const { cancellations } = await cancelDates(services, [date], author, DUE_MS);
    expect(cancellations[0]).to.include({ verdict: 'cancelled', lifts: true });
    const lift = await dates.now({ _id: `unblock:${instance._id}` });
    if (lift === undefined) throw new Error('there is no date that lifts it');
    await dates.lookAt(DUE_MS);
    expect(await test.ended(jobOfDate(lift))).to.include({ outcome: 'modified' });
    expect(await read(instance)).to.not.have.property('blocked');
    await dates.lookAt(DUE_MS);
  });

  it('leaves a block of somebody else as it is, and the date without one', async () => {
    const instance = await put({ blocked: true, blocking_reason: 'PAYMENT_FAILED' });
    const date = await dates.set(unblockDate(instance, { block: { ours: true } }));
    expect(await block(instance, date)).to.include({ state: 'failed', code: 'changed' });
    expect(await read(instance)).to.include({ blocking_reason: 'PAYMENT_FAILED' });
    await dates.lookAt(DUE_MS);
    expect((await dates.now(date))?.ended).to.include({ code: 'changed' });
    expect(await read(instance)).to.include({ blocked: true });
  });

  const author = { by: 'operator@host', reason: 'stays' };

  it('is lifted by a date of its own when a destruction is taken back', async () => {
    const instance = await put({ blocked: true, blocking_reason: 'LEFT' });
    const date = await dates.set(destroyDate(instance, { block: { ours: true, reason: 'LEFT' } }));
    const services = { global: test.server, fleet: test.fleet };
    const { cancellations, lifting } = await cancelDates(services, [date], author, DUE_MS);
    expect(cancellations[0]).to.include({ verdict: 'cancelled', lifts: true });
    const lift = await dates.now({ _id: `unblock:${instance._id}` });
    expect(lift).to.include({ batch: lifting, act: 'unblock' });
    if (lift === undefined) throw new Error('there is no date that lifts it');
    await dates.lookAt(DUE_MS);
    expect(await test.ended(jobOfDate(lift))).to.include({ outcome: 'modified' });
    expect(await read(instance)).to.not.have.property('blocked');
    await dates.lookAt(DUE_MS);
    expect(await dates.now(lift)).to.equal(undefined);
  });

  it('stays where the job of its destruction began at the moment at which that was taken back', async () => {
    const instance = await put({ blocked: true, blocking_reason: 'LEFT' });
    const date = await dates.set(destroyDate(instance, { block: { ours: true, reason: 'LEFT' } }));
    await dates.store.write([{ ...date, begun: { job: 'other' } }]);
    const services = { global: test.server, fleet: test.fleet };
    const { cancellations, lifting } = await cancelDates(services, [date], author, DUE_MS);
    expect(cancellations[0]).to.include({ verdict: 'refused' });
    expect(lifting).to.equal(undefined);
    expect(await dates.now({ _id: `unblock:${instance._id}` })).to.equal(undefined);
    expect(await dates.now(date)).to.have.property('begun');
  });
});
