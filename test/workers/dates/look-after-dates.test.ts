import { expect } from 'chai';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { Refusal } from '../../../src/instances/errors.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { receiverOf } from '../../../src/jobs/batches/outbox.ts';
import { endedDate, type NewDate } from '../../../src/jobs/dates/date-document.ts';
import { batchOfDate, jobOfDate, rememberGone } from '../../../src/jobs/dates/date-ids.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { queueDates } from '../../../src/workers/dates/queue-dates.ts';
import { tellTurns } from '../../../src/workers/dates/tell-turns.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { DUE_MS, destroyDate, type TestDates, testDates, unblockDate } from '../../support/test-dates.ts';
import { capturingLog } from '../../support/test-log.ts';

describe('dates that are due', () => {
  let test: TestFleet;
  let dates: TestDates;
  let lines: string[];
  let made = 0;

  before(async () => {
    test = await startTestFleet();
  });
  after(() => test.close());
  beforeEach(() => {
    lines = [];
    dates = testDates(test, capturingLog(lines, []));
  });
  afterEach(() => dates.clear());

  async function put(fields: Partial<StoredInstance> = {}): Promise<StoredInstance> {
    made += 1;
    const secret = Buffer.from(`secret ${made}`).toString('base64');
    return await test.putInstance({ domain: test.domain(`dated-${made}`), cli_secret: secret, ...fields });
  }

  const read = ({ _id }: Pick<StoredInstance, '_id'>) => test.server.getDocument(INSTANCES, _id);

  async function change(instance: StoredInstance, fields: object): Promise<void> {
    const now = await read(instance);
    await test.server.putDocument(INSTANCES, { ...now, ...instance, ...fields, _rev: now?._rev ?? '' });
  }

  /** What is left of the instance once the job of its date has ended. */
  async function endOf(date: NewDate) {
    return await test.ended(jobOfDate(date));
  }

  it('are left alone before their time', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance));
    await dates.lookAt(DUE_MS - 1);
    expect(await dates.now(date)).to.deep.equal(date);
    expect(await read(instance)).to.include({ _id: instance._id });
  });

  it('have an instance destroyed, and go once that was seen', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance));
    await dates.lookAt(DUE_MS);
    expect(await endOf(date)).to.include({ state: 'done', outcome: 'destroyed' });
    expect(await read(instance)).to.equal(undefined);
    expect(await dates.now(date))
      .to.have.property('begun')
      .that.deep.equals({ job: jobOfDate(date) });
    await dates.lookAt(DUE_MS);
    expect(await dates.now(date)).to.equal(undefined);
  });

  it('become one batch, with who wanted it and why, under the id that was told', async () => {
    const [one, other] = [await put(), await put()];
    const first = destroyDate(one, { reason: 'left', total: 2, confirmed: 2 });
    await dates.set(first);
    const second = await dates.set(
      destroyDate(other, { batch: first.batch, row: 2, reason: 'left', total: 2, confirmed: 2 }),
    );
    await dates.lookAt(DUE_MS + 5_000);
    await Promise.all([endOf(first), endOf(second)]);
    const batch = await test.fleet.batches.get(first.batch);
    expect(batch).to.include({ kind: 'destroy', name: 'leavers.csv', reason: 'left', by: 'operator@host' });
    expect(batch.total).to.equal(2);
  });

  it('have an instance unblocked that was blocked for them', async () => {
    const instance = await put({ blocked: true, blocking_reason: 'PAUSE' });
    const date = await dates.set(unblockDate(instance, { block: { ours: true, reason: 'PAUSE' } }));
    await dates.lookAt(DUE_MS);
    expect(await endOf(date)).to.include({ state: 'done', outcome: 'modified' });
    expect(await read(instance)).to.not.have.property('blocked');
    await dates.lookAt(DUE_MS);
    expect(await dates.now(date)).to.equal(undefined);
  });

  const REFUSED: readonly (readonly [
    string,
    string,
    Partial<StoredInstance>,
    Partial<StoredInstance>,
    object,
  ])[] = [
    ['of another life', 'superseded', {}, { cli_secret: 'ZZZZ' }, {}],
    ['renamed', 'changed', {}, { domain: 'renamed.example.org' }, {}],
    [
      'that the filter does not mean any more',
      'changed',
      { context: 'old' },
      { context: 'new' },
      { filter: { context: 'old' } },
    ],
    [
      'that somebody has unblocked',
      'unblocked',
      { blocked: true, blocking_reason: 'LEFT' },
      { blocked: false },
      { block: { ours: true, reason: 'LEFT' } },
    ],
    [
      'that is blocked for another reason',
      'unblocked',
      { blocked: true, blocking_reason: 'LEFT' },
      { blocking_reason: 'PAYMENT_FAILED' },
      { block: { ours: true, reason: 'LEFT' } },
    ],
    ['that was never seen blocked', 'unblocked', {}, {}, { block: { ours: true } }],
  ];

  for (const [what, code, before, after, more] of REFUSED) {
    it(`destroy no instance ${what}, and say so`, async () => {
      const instance = await put(before);
      const date = await dates.set(destroyDate(instance, more));
      await change(instance, after);
      await dates.lookAt(DUE_MS);
      expect((await dates.now(date))?.ended).to.include({ code });
      expect(await read(instance)).to.not.equal(undefined);
      const rows = [];
      for await (const row of test.fleet.batches.rows(date.batch)) rows.push(row);
      expect(rows).to.have.lengthOf(1);
      expect(rows[0]).to.include({ state: 'failed', code, domain: instance.domain });
      await dates.lookAt(DUE_MS + 1_000_000);
      expect(await read(instance)).to.not.equal(undefined);
      await test.remove('renamed.example.org');
    });
  }

  it('destroy an instance that has an alias more by now', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance));
    await change(instance, { domain_aliases: [`alias-${instance.domain}`] });
    await dates.lookAt(DUE_MS);
    expect(await endOf(date)).to.include({ outcome: 'destroyed' });
  });

  it('take no notice of the state in a filter where it was blocked for them', async () => {
    const instance = await put({ onboarding_finished: true, blocked: true, blocking_reason: 'LEFT' });
    const block = { ours: true, reason: 'LEFT' };
    const date = await dates.set(destroyDate(instance, { block, filter: { states: ['onboarded'] } }));
    await dates.lookAt(DUE_MS);
    expect(await endOf(date)).to.include({ outcome: 'destroyed' });
  });

  it('leave a block alone that somebody else has made since', async () => {
    const instance = await put({ blocked: true, blocking_reason: 'PAYMENT_FAILED' });
    const date = await dates.set(unblockDate(instance, { block: { ours: true, reason: 'PAUSE' } }));
    await dates.lookAt(DUE_MS);
    expect((await dates.now(date))?.ended).to.include({ code: 'changed' });
    expect(await read(instance)).to.include({ blocked: true });
  });

  it('unblock an instance under its name of today', async () => {
    const instance = await put({ blocked: true, blocking_reason: 'PAUSE' });
    const date = await dates.set(unblockDate(instance, { block: { ours: true, reason: 'PAUSE' } }));
    const domain = test.domain(`renamed-${made}`);
    await change(instance, { domain });
    await dates.lookAt(DUE_MS);
    expect(await endOf(date)).to.include({ outcome: 'modified' });
    expect(await read(instance)).to.not.have.property('blocked');
    await test.remove(domain);
  });

  const noticesOf = (batch: string) => test.fleet.redis.hget(test.fleet.keys.batch(batch), 'notices');

  it('notify of the batch in which they were refused also where a worker died before it could say so', async () => {
    const instance = await put();
    const refusal = new Refusal('unblocked', 'somebody has unblocked it');
    const noted = { turn: 2, notify: 'sealed', queued: { at: '2099-03-01T12:00:01.000Z' } };
    const date = await dates.set(endedDate(destroyDate(instance, noted), refusal));
    const last = batchOfDate(date);
    await queueDates(test.fleet, last, [{ date, domain: instance.domain, refusal }]);
    for (let look = 0; look < 2; look += 1) await dates.lookAt(DUE_MS + 1_000);
    expect(await receiverOf(test.fleet, last)).to.deep.equal({ address: 'sealed', turnOf: date.batch });
    expect(await noticesOf(last)).to.equal('1');
  });

  /** A date that was put off for the second time, and the batch in which that was seen. */
  async function putOffTwice() {
    const instance = await put();
    const date = await dates.set(destroyDate(instance, { turn: 2, notify: 'sealed' }));
    const before = batchOfDate({ ...date, turn: 1 });
    const about = {
      kind: 'destroy',
      name: 'leavers.csv',
      reason: '',
      by: 'operator@host',
      total: 1,
    } as const;
    await test.fleet.batches.createOnce(before, about);
    return { instance, date, before };
  }

  for (const [when, ms] of [
    ['when they are due', DUE_MS],
    ['before', DUE_MS - 86_400_000],
  ] as const) {
    it(`notify of the batch before where they go with their instance ${when}`, async () => {
      const { instance, date, before } = await putOffTwice();
      await test.server.deleteDocument(INSTANCES, instance._id, instance._rev);
      await dates.lookAt(ms);
      expect(await dates.now(date)).to.equal(undefined);
      expect(await receiverOf(test.fleet, before)).to.deep.equal({ address: 'sealed', turnOf: date.batch });
      expect(await test.fleet.batches.find(batchOfDate(date))).to.equal(undefined);
    });
  }

  it('notify of the batch before where they are held', async () => {
    const { date, before } = await putOffTwice();
    const other = await dates.set(destroyDate(await put(), { batch: date.batch, row: 2 }));
    for (let look = 0; look < 3; look += 1) await dates.lookAt(DUE_MS);
    for (const held of [date, other]) expect((await dates.now(held))?.ended).to.include({ code: 'guard' });
    expect(await receiverOf(test.fleet, before)).to.deep.equal({ address: 'sealed', turnOf: date.batch });
    expect(await receiverOf(test.fleet, date.batch)).to.equal(undefined);
  });

  it('go with an instance that was destroyed by other means', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance));
    await test.server.deleteDocument(INSTANCES, instance._id, instance._rev);
    await dates.lookAt(DUE_MS);
    expect(await dates.now(date)).to.equal(undefined);
  });

  it('go before their time with an instance that was destroyed by other means', async () => {
    const [instance, other] = [await put(), await put()];
    const [date, kept] = [await dates.set(destroyDate(instance)), await dates.set(destroyDate(other))];
    const unseen = await dates.set(destroyDate({ ...(await put()), _id: 'e'.repeat(32) }));
    await test.server.deleteDocument(INSTANCES, instance._id, instance._rev);
    await dates.lookAt(DUE_MS - 86_400_000);
    expect(await dates.now(date)).to.equal(undefined);
    expect(await dates.now(kept)).to.deep.equal(kept);
    expect(await dates.now(unseen)).to.deep.equal(unseen);
  });

  it('stay, and say so, where the document of the instance is not there and was not deleted', async () => {
    const instance = { ...(await put()), _id: 'f'.repeat(32) };
    const date = await dates.set(destroyDate(instance));
    await dates.lookAt(DUE_MS);
    expect((await dates.now(date))?.ended).to.include({ code: 'not_found' });
  });

  it('are not carried out by a fast clock', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance));
    const fast = { said: DUE_MS - 200_000, asked: DUE_MS + 10, answered: DUE_MS + 10 };
    await dates.lookAt(DUE_MS, { couchTime: async () => fast });
    expect(await dates.now(date)).to.deep.equal(date);
    await dates.lookAt(DUE_MS, {
      couchTime: async () => ({ said: fast.asked, asked: fast.said, answered: fast.said }),
    });
    expect(await dates.now(date)).to.deep.equal(date);
  });

  it('are not carried out where clocks are minutes apart, which is told', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance));
    const apart = { said: DUE_MS + 10, asked: DUE_MS + 400_000, answered: DUE_MS + 400_000 };
    await dates.lookAt(DUE_MS, { couchTime: async () => apart });
    await dates.lookAt(DUE_MS, { couchTime: async () => ({ ...apart, said: undefined }) });
    expect(await dates.now(date)).to.deep.equal(date);
    expect(lines.join()).to.contain('the clock of CouchDB is 7 min behind the one of this machine');
    expect(lines.join()).to.contain('does not say the time');
  });

  it('are queued once by two workers that look at the same moment', async () => {
    const instances = [await put(), await put(), await put()];
    const batch = destroyDate(instances[0] as StoredInstance).batch;
    for (const [at, instance] of instances.entries()) {
      await dates.set(destroyDate(instance, { batch, row: at + 1, total: 3, confirmed: 3 }));
    }
    await Promise.all([dates.lookAt(DUE_MS), dates.lookAt(DUE_MS), dates.lookAt(DUE_MS)]);
    for (const instance of instances) await endOf(destroyDate(instance, { batch }));
    const { total, counts } = await test.fleet.batches.get(batch);
    expect({ total, done: counts.done }).to.deep.equal({ total: 3, done: 3 });
  });

  it('are queued by the next look where a worker died between note and queue', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance, { queued: { at: '2099-03-01T12:00:01.000Z' } }));
    await dates.lookAt(DUE_MS + 1);
    expect(await endOf(date)).to.include({ outcome: 'destroyed' });
  });

  it('are queued again where Redis was lost with their jobs', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance));
    await test.stopWorker();
    await dates.lookAt(DUE_MS);
    const { redis, keys } = test.fleet;
    for (const key of await redis.keys('*')) if (key !== keys.fleetId) await redis.del(key);
    await dates.lookAt(DUE_MS + 1_000);
    await test.startWorker();
    expect(await endOf(date)).to.include({ outcome: 'destroyed' });
  });

  it('do nothing where they were taken back after their job was queued', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance));
    await test.stopWorker();
    await dates.lookAt(DUE_MS);
    const queued = await dates.now(date);
    expect(queued).to.have.property('queued');
    if (queued !== undefined) await dates.store.drop([queued]);
    await test.startWorker();
    expect(await endOf(date)).to.include({ state: 'failed', code: 'date_gone' });
    expect(await read(instance)).to.not.have.property('deleting');
  });

  it('do nothing where they were taken back after their job had begun, right before its mark', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance));
    test.beforeStage('mark', async () => {
      const now = await dates.now(date);
      if (now !== undefined) await dates.store.drop([now]);
    });
    await dates.lookAt(DUE_MS);
    expect(await endOf(date)).to.include({ state: 'failed', code: 'date_gone' });
    expect(await read(instance)).to.not.have.property('deleting');
  });

  it('do nothing where somebody unblocks the instance right before the mark', async () => {
    const instance = await put({ blocked: true, blocking_reason: 'LEFT' });
    const date = await dates.set(destroyDate(instance, { block: { ours: true, reason: 'LEFT' } }));
    test.beforeStage('mark', () => change(instance, { blocked: false }));
    await dates.lookAt(DUE_MS);
    expect(await endOf(date)).to.include({ state: 'failed', code: 'unblocked' });
    expect((await dates.now(date))?.ended).to.include({ code: 'unblocked' });
    expect(await read(instance)).to.not.have.property('deleting');
  });

  it('do nothing where they were set anew after their job was queued', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance));
    await test.stopWorker();
    await dates.lookAt(DUE_MS);
    const { _rev = '' } = (await dates.now(date)) ?? {};
    const [later] = await dates.store.write([
      { ...destroyDate(instance, { due: '2099-09-01T00:00:00.000Z' }), _rev },
    ]);
    await test.startWorker();
    expect(await endOf(date)).to.include({ state: 'failed', code: 'date_gone' });
    expect(await dates.now(date)).to.deep.equal(later);
  });

  /** Queues other work for an instance, which no worker does yet. @returns its job */
  async function otherWork(instance: StoredInstance): Promise<string> {
    const seen = { id: instance._id, incarnation: destroyDate(instance).instance.incarnation };
    const work = { kind: 'modify', domain: instance.domain, seen, changes: { locale: 'fr' } } as const;
    return (await enqueueJob(test.fleet, { work, tries: 1 })).jobId;
  }

  it('wait where other work has the instance, without a batch, and are carried out then', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance));
    await test.stopWorker();
    const jobId = await otherWork(instance);
    await dates.lookAt(DUE_MS);
    const later = await dates.now(date);
    expect(later).to.not.have.any.keys('queued', 'turn', 'ended');
    expect(Date.parse(later?.due ?? '') - DUE_MS).to.equal(60_000);
    expect(await test.fleet.batches.find(date.batch)).to.equal(undefined);
    await test.startWorker();
    await test.ended(jobId);
    await dates.lookAt(DUE_MS + 60_000);
    expect(await endOf(date)).to.include({ outcome: 'destroyed' });
  });

  it('are put off for longer each time, and notify of the last batch once they have come to their end', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance, { turn: 2, notify: 'sealed' }));
    await test.stopWorker();
    const { fleet } = test;
    let jobId = '';
    const createOnce: typeof fleet.batches.createOnce = async (id, batch) => {
      jobId = await otherWork(instance);
      expect(batch.notify).to.equal(undefined);
      return await fleet.batches.createOnce(id, batch);
    };
    await dates.lookAt(DUE_MS, { fleet: { ...fleet, batches: { ...fleet.batches, createOnce } } });
    expect(jobId).to.not.equal('');
    await dates.lookAt(DUE_MS);
    const later = await dates.now(date);
    expect(later).to.include({ turn: 3 }).and.not.have.property('queued');
    expect(Date.parse(later?.due ?? '') - DUE_MS).to.equal(240_000);
    await test.startWorker();
    await test.ended(jobId);
    if (later === undefined) throw new Error('the date is gone');
    await dates.lookAt(Date.parse(later.due));
    expect(await endOf(later)).to.include({ outcome: 'destroyed' });
    expect(batchOfDate(later)).to.not.equal(batchOfDate(date));
    const { redis, keys } = fleet;
    expect(await receiverOf(fleet, batchOfDate(later))).to.equal(undefined);
    await dates.lookAt(Date.parse(later.due));
    expect(await dates.now(date)).to.equal(undefined);
    expect(await receiverOf(fleet, batchOfDate(date))).to.equal(undefined);
    expect(await receiverOf(fleet, batchOfDate(later))).to.deep.equal({
      address: 'sealed',
      turnOf: date.batch,
    });
    await tellTurns(fleet, [later]);
    // Workers drop what cannot be opened, so that only the number of notices tells that there was one.
    expect(await redis.hget(keys.batch(batchOfDate(later)), 'notices')).to.equal('1');
  });

  it('are held where more of a command are due than were confirmed', async () => {
    const [one, other] = [await put(), await put()];
    const first = await dates.set(destroyDate(one));
    const second = await dates.set(destroyDate(other, { batch: first.batch, row: 2 }));
    await dates.lookAt(DUE_MS);
    for (const date of [first, second]) expect((await dates.now(date))?.ended).to.include({ code: 'guard' });
    expect(lines.join()).to.contain('2 instances would be destroyed at once, 1 were confirmed');
  });

  it('are held where many commands are due at once whose numbers nobody had to say', async () => {
    const all = [];
    for (let at = 0; at < 21; at += 1) {
      const { confirmed: _, ...date } = destroyDate(await put());
      all.push(await dates.set(date));
    }
    const said = await dates.set(destroyDate(await put()));
    await dates.lookAt(DUE_MS);
    expect(await endOf(said)).to.include({ outcome: 'destroyed' });
    for (const date of all) expect((await dates.now(date))?.ended).to.include({ code: 'guard' });
  });

  it('do nothing where an earlier CouchDB brings back a date that was taken back', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance));
    await rememberGone(test.fleet, [date]);
    await dates.lookAt(DUE_MS);
    expect((await dates.now(date))?.ended).to.include({ code: 'done_before' });
    expect(await read(instance)).to.not.have.property('deleting');
  });

  it('do nothing where an earlier CouchDB brings back an instance with the date that destroyed it', async () => {
    const instance = await put();
    const date = await dates.set(destroyDate(instance));
    await dates.lookAt(DUE_MS);
    await endOf(date);
    await dates.lookAt(DUE_MS);
    const { _rev: _, ...again } = instance;
    await test.server.putDocument(INSTANCES, again);
    await dates.set(destroyDate(instance, { batch: date.batch }));
    await dates.lookAt(DUE_MS);
    expect((await dates.now(date))?.ended).to.include({ code: 'done_before' });
    expect(await read(instance)).to.not.have.property('deleting');
  });

  it('of a version that this one does not know are left alone, and told of', async () => {
    const instance = await put();
    const _id = `destroy:${instance._id}`;
    const date = await dates.set(destroyDate(instance));
    const _rev = await test.server.putDocument('cozy-fleet-dates', { ...date, later: true });
    await dates.lookAt(DUE_MS);
    expect(await read(instance)).to.not.have.property('deleting');
    expect(lines.join()).to.contain('dates of another version are left alone');
    await test.server.deleteDocument('cozy-fleet-dates', _id, _rev);
  });
});
