import { expect } from 'chai';
import type { CouchServer } from '../../../../src/couchdb/server.ts';
import type { StoredInstance } from '../../../../src/instances/documents/instance-document.ts';
import { classifyDocument } from '../../../../src/instances/lookup/classify-document.ts';
import { INSTANCES } from '../../../../src/instances/lookup/lookup.ts';
import type { NewDate, StoredDate } from '../../../../src/jobs/dates/date-document.ts';
import { jobOfDate } from '../../../../src/jobs/dates/date-ids.ts';
import { DATES } from '../../../../src/jobs/dates/date-store.ts';
import { readProgress } from '../../../../src/jobs/queue/progress.ts';
import { retryJob } from '../../../../src/jobs/queue/retry-job.ts';
import {
  type CancelScope,
  cancelDates,
  type DateCancellation,
  judgeCancellation,
} from '../../../../src/operations/instances/dates/cancel-dates.ts';
import { type ArchiveStack, startArchiveStack } from '../../../support/archive-stack.ts';
import { Cleanup } from '../../../support/cleanup.ts';
import { startTestFleet, type TestFleet } from '../../../support/fleet.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { DUE_MS, destroyDate, type TestDates, testDates } from '../../../support/test-dates.ts';
import { silentLog } from '../../../support/test-log.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

const AUTHOR = { by: 'operator@host', reason: 'stays' };

describe('taking dates back', () => {
  const suite = new Cleanup();
  let stack: ArchiveStack;
  let test: TestFleet;
  let dates: TestDates;
  let exportTo: string;

  before(async () => {
    stack = suite.add(await startArchiveStack(() => test.server), (each) => each.close());
    const configure = (config: TestFleet['config']) => ({ ...config, stackAdmin: stack.admin });
    test = suite.add(await startTestFleet({ configure }), (each) => each.close());
    exportTo = suite.add(await temporaryDirectory('archives'), (each) => each.remove()).path;
    dates = testDates(test, silentLog());
  });
  afterEach(async () => {
    stack.faults.lost.clear();
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

  const exported = (instance: StoredInstance): Promise<StoredDate> =>
    dates.set(destroyDate(instance, { destruction: { skipAccounts: false, resume: false, exportTo } }));

  const endOf = (date: NewDate) => test.ended(jobOfDate(date));

  async function cancelled(date: NewDate, global = test.server): Promise<DateCancellation | undefined> {
    const now = await dates.now(date);
    if (now === undefined) throw new Error('the date is gone');
    return (await cancelDates({ global, fleet: test.fleet }, [now], AUTHOR, DUE_MS)).cancellations[0];
  }

  async function change(instance: StoredInstance, fields: object): Promise<void> {
    const now = await test.server.getDocument(INSTANCES, instance._id);
    if (now === undefined) throw new Error(`${instance.domain} is gone`);
    await test.server.putDocument(INSTANCES, { ...now, ...fields });
  }

  /** Fails for good, after `mark`, by a file that the stack has lost; what is flagged and exported once is not whole. */
  async function failedAfterMark(name: string): Promise<{ instance: StoredInstance; date: StoredDate }> {
    const instance = await made(name);
    const date = await exported(instance);
    test.beforeStage('confirm', async () => {
      stack.faults.lost.add(await stack.putFile(instance, 'late.txt', 'content'));
    });
    await dates.lookAt(DUE_MS);
    expect(await endOf(date)).to.include({ state: 'failed', code: 'export_incomplete' });
    await dates.lookAt(DUE_MS);
    expect((await dates.now(date))?.ended).to.include({ code: 'export_incomplete' });
    stack.faults.lost.clear();
    return { instance, date };
  }

  it('has nothing to do once an instance was exported and destroyed', async () => {
    const instance = await made('to-its-end');
    await stack.putFile(instance, 'a.txt', 'hello');
    const date = await exported(instance);
    await dates.lookAt(DUE_MS);
    expect(await endOf(date)).to.include({ outcome: 'destroyed' });
    const { archive } = readProgress((await test.fleet.queue.getJob(jobOfDate(date)))?.progress);
    expect(archive).to.include({ files: 1 });
    await dates.lookAt(DUE_MS);
    expect(await dates.now(date)).to.equal(undefined);
  });

  it('is refused while a job that had failed before it began is at its instance after all', async () => {
    const instance = await made('tried-again');
    stack.faults.lost.add(await stack.putFile(instance, 'wedding.jpg', 'picture'));
    const date = await exported(instance);
    await dates.lookAt(DUE_MS);
    expect(await endOf(date)).to.include({ state: 'failed', code: 'export_incomplete' });
    await dates.lookAt(DUE_MS);
    expect(await dates.now(date)).to.have.property('ended');
    stack.faults.lost.clear();
    let during: DateCancellation | undefined;
    test.beforeStage('confirm', async () => {
      during = await cancelled(date);
    });
    await retryJob(test.fleet, jobOfDate(date));
    expect(await endOf(date)).to.include({ outcome: 'destroyed' });
    expect(during).to.include({ verdict: 'refused' });
    expect(during)
      .to.have.property('why')
      .that.includes(`jobs cancel ${jobOfDate(date)}`);
  });

  it('is refused for what a job has flagged that failed then, until the flag is taken back', async () => {
    const { instance, date } = await failedAfterMark('flagged');
    const refused = await cancelled(date);
    expect(refused).to.include({ verdict: 'refused' });
    expect(refused).to.have.property('why').that.includes(`modify ${instance.domain} --deleting=false`);
    expect(await dates.now(date)).to.not.equal(undefined);
    await change(instance, { deleting: false });
    expect(await cancelled(date)).to.include({ verdict: 'cancelled' });
    await change(instance, { deleting: true });
    await retryJob(test.fleet, jobOfDate(date));
    expect(await endOf(date)).to.include({ state: 'failed', code: 'date_gone' });
    expect(await test.databases(instance.domain)).to.not.deep.equal([]);
  });

  it('stops a job that has begun and is tried again, right before databases go', async () => {
    const { instance, date } = await failedAfterMark('dropped');
    const drop = async () => {
      const now = await dates.now(date);
      if (now !== undefined) await dates.store.drop([now]);
    };
    test.beforeStage('databases', drop);
    const before = await test.databases(instance.domain);
    await retryJob(test.fleet, jobOfDate(date));
    expect(await endOf(date)).to.include({ state: 'failed', code: 'date_gone' });
    expect(await test.databases(instance.domain)).to.deep.equal(before);
  });

  it('stops a job that exports for one, with its instance as it was', async () => {
    const instance = await made('exporting');
    const date = await exported(instance);
    let during: DateCancellation | undefined;
    stack.faults.onExported = async () => {
      during = await cancelled(date);
    };
    await dates.lookAt(DUE_MS);
    expect(await endOf(date)).to.include({ state: 'failed', code: 'cancelled' });
    expect(during).to.include({ verdict: 'cancelled' });
    expect(await test.instance(instance.domain)).to.deep.equal(instance);
  });

  describe('of an instance that is flagged', () => {
    const plain: StoredInstance = {
      ...{ _id: 'one', _rev: '1-a', domain: 'one.example.org', locale: 'en', password_defined: false },
      ...{ cli_secret: 'AAAA', deleting: true },
    };
    const ended = { code: 'export_place', message: 'full', at: '2099-03-01T12:00:00.000Z' };
    const dateWith = (resume: boolean, begun: boolean): StoredDate => {
      const destruction = { skipAccounts: false, resume };
      const date = destroyDate(plain, { destruction, ...(begun && { begun: { job: 'j' }, ended }) });
      return { ...date, _rev: '1-d' };
    };

    for (const [what, date, document, verdict] of [
      [
        'is refused where its job may have gone before, as another turn',
        dateWith(false, false),
        plain,
        'refused',
      ],
      [
        'is done where it was to go on with the flag of somebody else',
        dateWith(true, false),
        plain,
        'cancelled',
      ],
      ['is refused where its job has gone on with that', dateWith(true, true), plain, 'refused'],
      ['is refused where nobody can read it', dateWith(false, true), { ...plain, domain: 7 }, 'refused'],
    ] as const) {
      it(what, () => {
        const facts = { found: classifyDocument(document), live: [] };
        expect(judgeCancellation(date, facts)).to.include({ verdict });
      });
    }
  });

  /** The database of dates, where something happens right before that write to it, the first being 1. */
  function couchWith(step: (write: number) => Promise<void>): CouchServer {
    let writes = 0;
    return {
      ...test.server,
      async bulkInsert(database, ...more) {
        if (database === DATES) {
          writes += 1;
          await step(writes);
        }
        return await test.server.bulkInsert(database, ...more);
      },
    };
  }

  const failingAt = (write: number) =>
    couchWith(async (at) => {
      if (at === write) throw new Error('no answer');
    });

  async function blockedFor(name: string): Promise<{ instance: StoredInstance; date: StoredDate }> {
    const instance = await made(name);
    await change(instance, { blocked: true, blocking_reason: 'LEFT' });
    const date = await dates.set(destroyDate(instance, { block: { ours: true, reason: 'LEFT' } }));
    return { instance, date };
  }

  const liftOf = ({ _id }: StoredInstance) => dates.now({ _id: `unblock:${_id}` });

  describe('again', () => {
    const again = async (date: NewDate, scope?: CancelScope) => {
      const now = await dates.now(date);
      if (now === undefined) throw new Error('the date is gone');
      const services = { global: test.server, fleet: test.fleet };
      return (await cancelDates(services, [now], AUTHOR, DUE_MS, scope)).cancellations[0];
    };

    async function lifting(name: string): Promise<StoredDate> {
      const { instance, date } = await blockedFor(name);
      await cancelled(date);
      const lift = await liftOf(instance);
      if (lift === undefined) throw new Error('there is no date that lifts the block');
      return lift;
    }

    it('leaves what the first time has ordered to lift the block', async () => {
      const lift = await lifting('twice');
      expect(await again(lift)).to.include({ verdict: 'unblocking' });
      expect(await dates.now(lift)).to.deep.equal(lift);
      await dates.store.drop([lift]);
    });

    it('takes back what lifts the block where that is meant', async () => {
      const lift = await lifting('lift-meant');
      expect(await again(lift, { withLifts: true })).to.include({ verdict: 'cancelled', lifts: false });
      expect(await dates.now(lift)).to.equal(undefined);
    });

    it('takes back what was to lift the block once it has ended without that', async () => {
      const lift = await lifting('lift-ended');
      const ended = { code: 'couchdb', message: 'no answer', at: '2099-03-01T12:00:00.000Z' };
      await dates.store.write([{ ...lift, ended }]);
      expect(await again(lift)).to.include({ verdict: 'cancelled', lifts: false });
    });
  });

  describe('by a command that fails', () => {
    it('leaves a date that is carried out', async () => {
      const date = await dates.set(destroyDate(await made('failed')));
      expect(await thrownBy(cancelled(date, failingAt(1)))).to.include({ message: 'no answer' });
      await dates.lookAt(DUE_MS);
      expect(await endOf(date)).to.include({ outcome: 'destroyed' });
    });

    it('leaves the block that was made for a date', async () => {
      const { instance, date } = await blockedFor('failed-blocked');
      await thrownBy(cancelled(date, failingAt(2)));
      expect(await liftOf(instance)).to.equal(undefined);
      await dates.lookAt(DUE_MS);
      expect(await endOf(date)).to.include({ outcome: 'destroyed' });
    });

    it('says that it has to be repeated where nobody can tell which dates are left', async () => {
      const date = await dates.set(destroyDate(await made('unsaid')));
      const error = await thrownBy(cancelled(date, deadAt(1)));
      expect(error).to.have.property('message').that.contains('it is dead').and.contains('not carried out');
      expect(error).to.have.property('advice').that.contains('Take them back again');
      expect(await cancelled(date)).to.include({ verdict: 'cancelled' });
    });
  });

  it('leaves what lifts the block of a date that another takes back at the same moment', async () => {
    const { instance, date } = await blockedFor('two-at-once');
    const other = couchWith(async (at) => {
      if (at === 2) await dates.store.drop([date]);
    });
    expect(await cancelled(date, other)).to.include({ verdict: 'refused' });
    expect(await liftOf(instance)).to.include({ act: 'unblock' });
    await dates.store.drop([(await liftOf(instance)) ?? date]);
  });

  /** Nothing is heard any more of the database of dates, from that write on. */
  function deadAt(last: number): CouchServer {
    let isDead = false;
    const couch = couchWith(async (write) => {
      isDead ||= write >= last;
      if (isDead) throw new Error('it is dead');
    });
    return {
      ...couch,
      async allDocuments(database, ...more) {
        if (isDead && database === DATES) throw new Error('it is dead');
        return await couch.allDocuments(database, ...more);
      },
    };
  }

  describe('by a command that dies', () => {
    for (const [what, last] of [
      ['before the block is lifted', 1],
      ['before the date goes', 2],
    ] as const) {
      it(`${what}, leaves a date that destroys nothing and is taken back by the next`, async () => {
        const { instance, date } = await blockedFor(`killed-${last}`);
        await thrownBy(cancelled(date, deadAt(last)));
        await dates.lookAt(DUE_MS);
        expect(await test.instance(instance.domain)).to.not.have.property('deleting');
        expect(await cancelled(date)).to.include({ verdict: 'cancelled', lifts: true });
        const lift = { _id: `unblock:${instance._id}` };
        await dates.lookAt(DUE_MS);
        const queued = await dates.now(lift);
        if (queued !== undefined) await endOf(queued);
        await dates.lookAt(DUE_MS);
        expect(await dates.now(lift)).to.equal(undefined);
        expect(await test.instance(instance.domain)).to.not.have.any.keys('blocked', 'deleting');
      });
    }
  });
});
