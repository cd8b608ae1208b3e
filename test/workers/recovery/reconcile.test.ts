import { expect } from 'chai';
import type { Batches, Row } from '../../../src/jobs/batches/batches.ts';
import type { RowState } from '../../../src/jobs/batches/row-state.ts';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import { namesOf, payloadHash } from '../../../src/jobs/kinds/payload.ts';
import { creation, enqueueRows } from '../../../src/jobs/queue/enqueue.ts';
import { reconcile, reconcileInTurn } from '../../../src/workers/recovery/reconcile.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { payloadFor, startTestQueue, type TestQueue } from '../../jobs/fixture.ts';
import { batchRow } from '../../support/batch-row.ts';

describe('reconciling', () => {
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
    batchId = await batches.create({ kind: 'create', name: 'f.csv', reason: '', by: 'root@ops', total: 1 });
  });

  after(() => test.close());

  async function rowIs(state: RowState, jobId: string): Promise<void> {
    const about = { domain: 'x.org', jobId, incarnation: 'abc', stage: 'databases', tries: 2 };
    await batches.report({ batchId, row: 1, state, generation: 0, attempt: 1, ...about });
  }

  async function row(): Promise<Row | undefined> {
    return await batchRow(batches, batchId, 1);
  }

  const payload = () => payloadFor('x.org', { batch: { id: batchId, row: 1 } });

  it('fails a row whose job is gone', async () => {
    await rowIs('active', 'gone');
    expect(await reconcile(fleet)).to.equal(1);
    expect(await row()).to.include({ state: 'failed', code: 'lost', incarnation: 'abc', domain: 'x.org' });
    expect((await batches.get(batchId)).endedAt).to.be.a('number');
  });

  it('settles a row whose worker died before it told the end of its job', async () => {
    const job = await test.failed(payload());
    await rowIs('active', job.id ?? '');
    expect(await reconcile(fleet)).to.equal(1);
    expect(await row()).to.include({ state: 'failed', code: 'internal', error: 'made to fail' });
  });

  it('gives back the names of such a job', async () => {
    const job = await test.failed(payload());
    const claim = {
      jobId: job.id ?? '',
      kind: 'create',
      names: namesOf(payload()),
      payloadHash: payloadHash(payload()),
    };
    await fleet.claims.take(claim, 'add');
    await rowIs('active', job.id ?? '');
    await reconcile(fleet);
    expect(await fleet.redis.hget(fleet.keys.name('x.org'), 'job')).to.equal(null);
  });

  it('settles a row that waits for another try which its job will never have', async () => {
    const job = await test.failed(payload());
    await rowIs('retrying', job.id ?? '');
    expect(await reconcile(fleet)).to.equal(1);
    expect((await row())?.state).to.equal('failed');
  });

  it('takes a done job that was there for skipped, and one that was made for done', async () => {
    for (const [outcome, state] of [
      ['created', 'done'],
      ['exists', 'skipped'],
    ] as const) {
      await test.redis.flush();
      batchId = await batches.create({ kind: 'create', name: 'f.csv', reason: '', by: 'root@ops', total: 1 });
      await test.add(payload());
      const job = await test.start();
      const ended = {
        v: 1,
        kind: 'create',
        domain: 'x.org',
        outcome,
        batch: { id: batchId, row: 1 },
      } as const;
      await job.updateData(fleet.signer.sign(job.id ?? '', ended));
      await job.moveToCompleted(outcome, 'token', false);
      await rowIs('active', job.id ?? '');
      await reconcile(fleet);
      expect((await row())?.state).to.equal(state);
    }
  });

  it('fails the row of a job that nobody of the fleet signed, with the reason', async () => {
    const job = await test.failed(payload());
    await job.updateData({ ...job.data, tries: 9 });
    await rowIs('active', job.id ?? '');
    expect(await reconcile(fleet)).to.equal(1);
    expect(await row()).to.include({ state: 'failed', code: 'forged', domain: 'x.org' });
  });

  it('fails the row of a job that was broken, and goes on with the others', async () => {
    const job = await test.failed(payload());
    await fleet.redis.hset(fleet.keys.bull(job.id ?? ''), 'data', '{"v":');
    await rowIs('active', job.id ?? '');
    expect(await reconcile(fleet)).to.equal(1);
    expect(await row()).to.include({ state: 'failed', code: 'bad_payload' });
  });

  it('looks at a batch that rows wait in at the gate, however many are newer', async () => {
    await rowIs('active', 'gone');
    const { redis, keys } = fleet;
    await redis.zadd(keys.gate, 0, batchId);
    await redis.zadd(
      keys.batches,
      ...Array.from({ length: 60 }, (_, at) => [at + 9e12, `NEWER${at}`]).flat(),
    );
    for (let at = 0; at < 60; at += 1) await redis.hset(keys.batch(`NEWER${at}`), { total: 1, createdAt: 1 });
    expect(await reconcile(fleet)).to.equal(1);
    expect(await row()).to.include({ state: 'failed', code: 'lost' });
  });

  it('leaves a job alone that runs', async () => {
    await test.add(payload());
    const job = await test.start();
    await rowIs('active', job.id ?? '');
    expect(await reconcile(fleet)).to.equal(0);
    expect((await row())?.state).to.equal('active');
  });

  it('leaves rows alone that have ended', async () => {
    await rowIs('done', 'not-there');
    expect(await reconcile(fleet)).to.equal(0);
  });

  it('leaves rows alone whose jobs wait', async () => {
    const job = await test.add(payload());
    await rowIs('waiting', job.id ?? '');
    expect(await reconcile(fleet)).to.equal(0);
  });

  it('fails a row that waits for a job that is gone, while others wait too', async () => {
    await test.add(payloadFor('other.org'));
    await rowIs('waiting', 'gone');
    expect(await reconcile(fleet)).to.equal(1);
    expect(await row()).to.include({ state: 'failed', code: 'lost' });
  });

  it('looks at every row that waits, page by page', async () => {
    const total = 1_200;
    batchId = await batches.create({ kind: 'create', name: 'f', reason: '', by: 'root@ops', total });
    const job = await test.add(payload());
    for (let at = 1; at <= total; at += 1) {
      const jobId = at % 400 === 0 ? 'gone' : (job.id ?? '');
      await batches.report({
        batchId,
        row: at,
        state: 'waiting',
        generation: 0,
        attempt: 0,
        domain: 'x',
        jobId,
      });
    }
    expect(await reconcile(fleet)).to.equal(3);
    expect((await batches.get(batchId)).counts).to.include({ waiting: total - 3, failed: 3 });
  });

  it('goes on with other batches where one cannot be looked at, and says so', async () => {
    await rowIs('active', 'gone');
    const broken = await batches.create({ kind: 'create', name: 'g', reason: '', by: 'root@ops', total: 2 });
    await fleet.redis.set(fleet.keys.rows(broken), 'text');
    await fleet.redis.hset(fleet.keys.batch(broken), 'shortSince', 0);
    const error = await reconcile(fleet).then(
      () => undefined,
      (thrown: unknown) => String(thrown),
    );
    expect(error).to.include('WRONGTYPE').and.include(broken);
    expect((await row())?.state).to.equal('failed');
  });

  it('ends rows of a stopped batch that wait for the job of another one, and tells what that comes to', async () => {
    const rows = [{ row: 1, ...creation({ options: sampleOptions({ domain: 'x.org' }), tries: 3 }) }];
    await enqueueRows(fleet, batchId, rows);
    const other = await batches.create({
      kind: 'create',
      name: 'g.csv',
      reason: '',
      by: 'root@ops',
      total: 1,
    });
    await enqueueRows(fleet, other, rows);
    expect(await reconcile(fleet)).to.equal(0);
    await batches.setHalt(other, 'cancelled');
    expect(await reconcile(fleet)).to.equal(1);
    expect(await batches.get(other))
      .to.have.property('endedAt')
      .that.is.a('number');
    expect(await batchRow(batches, other, 1)).to.include({ state: 'cancelled', code: 'cancelled' });
    expect(await row()).to.include({ state: 'waiting' });
    const { jobId, domain = '' } = (await row()) ?? {};
    const end = { jobId, domain, generation: 0, attempt: 1 };
    await batches.report({ ...end, batchId: other, row: 1, state: 'skipped' });
    expect((await batches.get(other)).counts).to.include({ skipped: 1, cancelled: 0 });
  });

  it('is done by one worker for all', async () => {
    await rowIs('waiting', 'gone');
    await reconcileInTurn(fleet);
    expect((await row())?.state).to.equal('failed');
    batchId = await batches.create({ kind: 'create', name: 'f', reason: '', by: 'root@ops', total: 1 });
    await rowIs('waiting', 'gone');
    await reconcileInTurn(fleet);
    expect((await row())?.state).to.equal('waiting');
  });

  it("settles a row that waited for another batch's job which has ended", async () => {
    const other = await batches.create({ kind: 'create', name: 'g', reason: '', by: 'root@ops', total: 1 });
    const job = await test.failed(payloadFor('x.org', { batch: { id: other, row: 7 } }));
    await rowIs('waiting', job.id ?? '');
    expect(await reconcile(fleet)).to.equal(1);
    expect((await row())?.state).to.equal('failed');
  });
});
