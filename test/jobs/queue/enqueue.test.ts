import { expect } from 'chai';
import { FleetError } from '../../../src/errors.ts';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import { enter } from '../../../src/jobs/gate/gate.ts';
import { payloadHash } from '../../../src/jobs/kinds/payload.ts';
import { recordEnd } from '../../../src/jobs/queue/ending.ts';
import { creation, enqueueJob, enqueueRows, type RowRequest } from '../../../src/jobs/queue/enqueue.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { batchRow } from '../../support/batch-row.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { until } from '../../support/until.ts';
import { payloadFor, startTestQueue, type TestQueue } from '../fixture.ts';

describe('queueing', () => {
  let test: TestQueue;
  let fleet: KeyedFleet;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
  });

  after(() => test.close());

  afterEach(() => fleet.queue.drain(true));

  async function batch(total: number): Promise<string> {
    return await fleet.batches.create({ kind: 'create', name: 'f.csv', reason: '', by: 'root@ops', total });
  }

  function row(number: number, domain: string, locale = 'en'): RowRequest {
    return { row: number, ...creation({ options: sampleOptions({ domain, locale }), tries: 8 }) };
  }

  it('a single creation puts it ahead of every row of a batch', async () => {
    await enqueueRows(fleet, await batch(2), [row(1, 'bulk1.org'), row(2, 'bulk2.org')]);
    const answer = await enqueueJob(fleet, row(1, 'single.org'));
    const job = await test.start();
    expect(answer).to.deep.equal({ state: 'queued', jobId: job.id });
    await job.moveToFailed(new Error('x'), 'token', false).catch(() => undefined);
  });

  it('rows of a batch has them wait at the gate, in the same step in which they are known', async () => {
    const id = await batch(2);
    await enqueueRows(fleet, id, [row(1, 'gate1.org'), row(2, 'gate2.org')]);
    expect(await fleet.redis.zrange(fleet.keys.held(id), '0', '-1')).to.deep.equal(['1', '2']);
    expect(await fleet.queue.getJobCountByTypes('prioritized')).to.equal(0);
  });

  it('a single creation has the row of a batch go first that makes the same', async () => {
    const id = await batch(2);
    await enqueueRows(fleet, id, [row(1, 'first.org'), row(2, 'second.org')]);
    const { jobId } = await enqueueJob(fleet, row(1, 'second.org'));
    expect((await test.start()).id).to.equal(jobId);
    expect(await enter(fleet, { id, row: 2 })).to.deep.equal({ state: 'go' });
  });

  it('the same creation again joins the first', async () => {
    const first = await enqueueJob(fleet, row(1, 'same.org'));
    const second = await enqueueJob(fleet, row(1, 'same.org'));
    expect(first.state).to.equal('queued');
    expect(second).to.deep.equal({ ...first, state: 'joined' });
    expect(await fleet.queue.getJobCountByTypes('prioritized')).to.equal(1);
  });

  it('another creation of the same domain is told who is at it', async () => {
    const first = await enqueueJob(fleet, row(1, 'other.org'));
    const second = await enqueueJob(fleet, row(1, 'other.org', 'fr'));
    expect(second).to.include({ state: 'busy', kind: 'create', name: 'other.org' });
    expect(second.jobId).to.equal(first.jobId);
  });

  describe('work that workers would refuse to read', () => {
    const seen = { id: 'odd', incarnation: '0'.repeat(16) };
    const work = { kind: 'destroy', domain: '../bob.org', seen, skipAccounts: false, resume: false } as const;

    it('is refused at once, and the document is named', async () => {
      const error = await thrownBy(enqueueJob(fleet, { work, tries: 1 }));
      expect(error).to.be.instanceOf(FleetError).and.include({ code: 'unusable_domain' });
      expect(error).to.have.property('message').that.includes('"../bob.org"');
      expect(error).to.have.property('advice').that.includes('odd');
      expect(await fleet.queue.getJobCountByTypes('prioritized')).to.equal(0);
    });

    it('fails its row of a batch, and no other', async () => {
      const id = await batch(2);
      expect(await enqueueRows(fleet, id, [{ row: 1, tries: 1, work }, row(2, 'well.org')])).to.equal(1);
      expect(await batchRow(fleet.batches, id, 1)).to.include({ state: 'failed', code: 'unusable_domain' });
      expect(await batchRow(fleet.batches, id, 2)).to.include({ state: 'waiting' });
    });
  });

  it('the same creation with another passphrase does not join: one of the two would be lost', async () => {
    const options = sampleOptions({ domain: 'secret.org' });
    const sealed = (mark: string) =>
      creation({ options, seal: (jobId) => `${mark} ${Buffer.from(jobId).toString('base64')}`, tries: 8 });
    await enqueueJob(fleet, sealed('a'.repeat(16)));
    const same = await enqueueJob(fleet, sealed('a'.repeat(16)));
    const other = await enqueueJob(fleet, sealed('b'.repeat(16)));
    expect([same.state, other.state]).to.deep.equal(['joined', 'busy']);
  });

  it('rows has each of them wait', async () => {
    const id = await batch(2);
    expect(await enqueueRows(fleet, id, [row(2, 'wait1.org'), row(3, 'wait2.org')])).to.equal(2);
    expect((await fleet.batches.get(id)).counts).to.include({ waiting: 2 });
    expect(await batchRow(fleet.batches, id, 3)).to.include({ domain: 'wait2.org', state: 'waiting' });
  });

  it('a row whose domain is held by other work fails that row alone, and says by what', async () => {
    const holder = await enqueueJob(fleet, row(1, 'held.org', 'fr'));
    const id = await batch(2);
    expect(await enqueueRows(fleet, id, [row(2, 'held.org'), row(3, 'free.org')])).to.equal(1);
    const failed = await batchRow(fleet.batches, id, 2);
    expect(failed).to.include({ state: 'failed', code: 'busy' });
    expect(failed?.error).to.include(holder.jobId);
  });

  it('a row that does the same as another batch waits for that one and ends with it', async () => {
    const [first, second] = [await batch(1), await batch(1)];
    await enqueueRows(fleet, first, [row(7, 'both.org')]);
    expect(await enqueueRows(fleet, second, [row(9, 'both.org')])).to.equal(1);
    const { jobId = '' } = (await batchRow(fleet.batches, first, 7)) ?? {};
    expect(await batchRow(fleet.batches, second, 9)).to.include({ state: 'waiting', jobId });

    const payload = payloadFor('both.org', { batch: { id: first, row: 7 } });
    const ending = {
      state: 'done',
      domain: 'both.org',
      incarnation: 'abc',
      generation: 0,
      attempt: 1,
    } as const;
    await recordEnd(fleet, jobId, payload, ending);
    expect(await batchRow(fleet.batches, first, 7)).to.include({ state: 'done', incarnation: 'abc' });
    const joined = await batchRow(fleet.batches, second, 9);
    expect(joined).to.include({ state: 'skipped' });
    expect(joined).to.not.have.property('incarnation');
    expect((await fleet.batches.get(second)).endedAt).to.be.a('number');
  });

  it('the same row twice at once makes one job, and both wait for it', async () => {
    const id = await batch(2);
    expect(await enqueueRows(fleet, id, [row(1, 'twice.org'), row(2, 'twice.org')])).to.equal(2);
    expect(await fleet.queue.getJobCountByTypes('delayed')).to.equal(1);
    expect((await fleet.batches.get(id)).counts.waiting).to.equal(2);
  });

  it('waits for a producer that has claimed and not added yet, and takes over where it died', async () => {
    const request = row(4, 'ghost.org');
    const claim = {
      jobId: 'ghost',
      kind: 'create',
      names: ['ghost.org'],
      payloadHash: payloadHash(request.work),
    } as const;
    await fleet.claims.take(claim, 'add');
    const id = await batch(1);
    const queueing = enqueueRows(fleet, id, [request]);
    await fleet.redis.hset(fleet.keys.name('ghost.org'), 'at', Date.now() - 61_000);
    await queueing;
    const { jobId = '' } = (await batchRow(fleet.batches, id, 4)) ?? {};
    expect(await fleet.queue.getJob(jobId), 'the row waits for a job that is there').to.not.equal(undefined);
  });

  it('adds what it has claimed before it waits for a producer that has not added yet', async () => {
    const slow = payloadFor('slow.org');
    const claim = { jobId: 'slow-job', kind: 'create', payloadHash: payloadHash(slow) };
    await fleet.claims.take({ ...claim, names: ['slow.org'] }, 'add');
    const queued = enqueueRows(fleet, await batch(2), [
      row(1, 'quick.org'),
      { row: 2, ...creation({ options: slow.options, tries: 8 }) },
    ]);
    await until('the first row is added', async () => (await fleet.queue.getDelayedCount()) === 1);
    await test.add(slow, 'slow-job');
    expect(await queued).to.equal(2);
  });
});
