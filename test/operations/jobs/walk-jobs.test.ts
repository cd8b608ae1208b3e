import { UnrecoverableError } from 'bullmq';
import { expect } from 'chai';
import { fence } from '../../../src/jobs/batches/row-state.ts';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import type { FleetJob } from '../../../src/jobs/fleet/open-queue.ts';
import { placeOf } from '../../../src/jobs/index/place.ts';
import { creation, enqueueJob, enqueueRows } from '../../../src/jobs/queue/enqueue.ts';
import { prepareJobs } from '../../../src/operations/jobs/act-on-jobs.ts';
import { ANY_JOB, type JobFilter, readCursor } from '../../../src/operations/jobs/job-filter.ts';
import { listJobs } from '../../../src/operations/jobs/list-jobs.ts';
import { recordEndOfJob } from '../../../src/workers/recovery/reconcile.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { startTestQueue, type TestQueue } from '../../jobs/fixture.ts';
import { clockMoves } from '../../support/clock-moves.ts';

describe('walking jobs', () => {
  let test: TestQueue;
  let fleet: KeyedFleet;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
  });

  beforeEach(() => test.redis.flush());

  after(() => test.close());

  const request = (domain: string) => creation({ options: sampleOptions({ domain }), tries: 8 });

  async function single(domain: string): Promise<string> {
    await clockMoves();
    return (await enqueueJob(fleet, request(domain))).jobId;
  }

  async function batchOf(...domains: string[]): Promise<string> {
    await clockMoves();
    const about = { kind: 'create', name: 'x', reason: '', by: 'me' } as const;
    const id = await fleet.batches.create({ ...about, total: domains.length });
    await enqueueRows(
      fleet,
      id,
      domains.map((domain, at) => ({ ...request(domain), row: at + 1 })),
    );
    return id;
  }

  /** Has the next job of the queue fail for good, as a worker would. */
  async function failNext(code: string, stage = 'register'): Promise<string> {
    // As if the gate had let all rows through, in the order that it has for them: Redis may have parked two of them for the very same time.
    const parked = await fleet.queue.getDelayed();
    const rowOf = ({ data }: FleetJob) => data.batch?.row ?? 0;
    for (const job of parked.sort((one, other) => rowOf(one) - rowOf(other))) await job.promote();
    const job = await test.start();
    const { data: payload, id = '' } = job;
    const domain = 'options' in payload ? payload.options.domain : '';
    await job.moveToFailed(new UnrecoverableError(`${code}: made to fail`), 'token', false);
    const report = { domain, jobId: id, generation: 0, attempt: 1, stage, code };
    if (payload.batch === undefined) {
      await fleet.index.move(id, placeOf('create', 'failed', report), fence(0, 1, 'failed'));
    } else {
      const { id: batchId, row } = payload.batch;
      await fleet.batches.report({ ...report, batchId, row, state: 'failed' });
    }
    return domain;
  }

  async function domains(filter: Partial<JobFilter> = {}): Promise<string[]> {
    const found: string[] = [];
    for await (const { domain } of listJobs(fleet, { ...ANY_JOB, ...filter }, { limit: 1_000 })) {
      found.push(domain);
    }
    return found;
  }

  it('gives single jobs and rows, newest first, the rows of a batch together', async () => {
    await single('a.org');
    await batchOf('r1.org', 'r2.org');
    await single('b.org');
    expect(await domains()).to.deep.equal(['b.org', 'r2.org', 'r1.org', 'a.org']);
  });

  it('meets each filter, and several at a time', async () => {
    const id = await batchOf('r1.school.org', 'r2.school.org', 'r3.org');
    await single('s.school.org');
    // Single jobs come before rows.
    await failNext('taken', 'register');
    await failNext('couchdb', 'databases');
    await failNext('taken', 'databases');
    const [s, r1, r2] = ['s.school.org', 'r1.school.org', 'r2.school.org'];
    expect(await domains({ states: ['failed'] })).to.deep.equal([s, r2, r1]);
    expect(await domains({ states: ['waiting'] })).to.deep.equal(['r3.org']);
    expect(await domains({ codes: ['taken'] })).to.deep.equal([s, r2]);
    expect(await domains({ stages: ['databases'] })).to.deep.equal([r2, r1]);
    expect(await domains({ stages: ['databases'], codes: ['taken'] })).to.deep.equal([r2]);
    expect(await domains({ batch: id, states: ['failed'] })).to.deep.equal([r2, r1]);
    expect(await domains({ domain: '*.school.org' })).to.deep.equal([s, r2, r1]);
    expect(await domains({ domain: 'r?.org', states: ['waiting'] })).to.deep.equal(['r3.org']);
    expect(await domains({ kinds: ['destroy'] })).to.deep.equal([]);
    const { createdAt } = await fleet.batches.get(id);
    expect(await domains({ queuedBefore: createdAt })).to.deep.equal([]);
    expect(await domains({ queuedAfter: Date.now() })).to.deep.equal([]);
    expect(await domains({ queuedAfter: createdAt - 1 })).to.have.length(4);
  });

  it('goes on page by page without gaps and repeats, whatever moves meanwhile', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `r${at}.org`);
    await batchOf(...names.slice(0, 6));
    for (const name of names.slice(6)) await single(name);
    const met: string[] = [];
    let after: string | undefined;
    for (;;) {
      const from = after === undefined ? undefined : readCursor(after);
      const page = [];
      for await (const job of listJobs(fleet, ANY_JOB, { limit: 2, after: from })) page.push(job);
      if (page.length === 0) break;
      met.push(...page.map(({ domain }) => domain));
      after = page.at(-1)?.cursor;
      await failNext('taken');
      await single(`new${met.length}.org`);
    }
    expect([...met].sort()).to.deep.equal([...names].sort());
  });

  it('drops entries of jobs that are gone for long, and passes over those that are to come', async () => {
    const { redis, keys } = fleet;
    const place = `${keys.index}:create:waiting::`;
    await fleet.index.add([
      { jobId: 'gone-1', kind: 'create', timestamp: Date.now() - 61_000 },
      { jobId: 'to-come', kind: 'create', timestamp: Date.now() },
    ]);
    await single('a.org');
    expect(await domains()).to.deep.equal(['a.org']);
    expect(await redis.zscore(place, 'gone-1')).to.equal(null);
    expect(await redis.zscore(place, 'to-come')).not.to.equal(null);
  });

  it('believes the job, not the index', async () => {
    const id = await single('a.org');
    await fleet.index.move(id, placeOf('create', 'failed', { code: 'taken' }), fence(9, 0, 'failed'));
    expect(await domains({ states: ['failed'] })).to.deep.equal([]);
    expect(await domains()).to.deep.equal(['a.org']);
  });

  it('takes what is parked for years for waiting', async () => {
    const batchId = await batchOf('r1.org');
    expect(await domains({ batch: batchId, states: ['waiting'] })).to.deep.equal(['r1.org']);
    expect(await domains({ states: ['retrying'] })).to.deep.equal([]);
  });

  it("gives a job once, with its own row, where another batch's row waits for it", async () => {
    await batchOf('r1.org');
    await batchOf('r1.org');
    expect(await domains()).to.deep.equal(['r1.org']);
  });

  it('finds what BullMQ failed by itself once that was told', async () => {
    const id = await single('a.org');
    const job = await test.start();
    await fleet.index.move(id, placeOf('create', 'active'), fence(0, 1, 'active'));
    await job.moveToFailed(new UnrecoverableError('job stalled more than allowable limit'), 'token', false);
    await recordEndOfJob(fleet, job);
    expect(await domains({ states: ['failed'], codes: ['unknown'] })).to.deep.equal(['a.org']);
    expect(await domains({ states: ['active'] })).to.deep.equal([]);
  });

  describe('to try jobs again', () => {
    const retry = (filter: Partial<JobFilter>) =>
      prepareJobs(fleet, 'retry', { ...ANY_JOB, ...filter }, Date.now());

    it('counts those that failed, and takes them once', async () => {
      await batchOf('r1.org', 'r2.org', 'r3.org');
      await single('s.org');
      for (const code of ['taken', 'taken', 'couchdb']) await failNext(code);
      const prepared = await retry({ codes: ['taken'] });
      expect(prepared.counts).to.deep.equal([{ kind: 'create', state: 'failed', jobs: 2 }]);
      expect(await prepared.run({ by: 'me', reason: '' }, () => undefined)).to.deep.equal({
        done: 2,
        refused: 0,
      });
      expect(await domains({ states: ['failed'] })).to.deep.equal(['r2.org']);
      expect(await domains({ states: ['waiting'] })).to.have.members(['s.org', 'r1.org', 'r3.org']);
    });

    it('means nothing that waits, even where it is asked for', async () => {
      await single('a.org');
      expect((await retry({ states: ['waiting'] })).total).to.equal(0);
      expect((await retry({})).total).to.equal(0);
    });

    it('refuses rows of a batch that was stopped, and says how to go on', async () => {
      const id = await batchOf('r1.org');
      await failNext('taken');
      await fleet.batches.setHalt(id, 'cancelled');
      const refused: string[] = [];
      const prepared = await retry({});
      expect(await prepared.run({ by: 'me', reason: '' }, ({ message }) => refused.push(message))).to.include(
        { refused: 1 },
      );
      expect(refused[0]).to.contain(`batches retry ${id}`);
    });
  });

  it('stops what has not ended, but nothing that was queued after it was counted', async () => {
    const { redis, keys } = fleet;
    const early = await single('a.org');
    const prepared = await prepareJobs(fleet, 'cancel', ANY_JOB, Date.now());
    const late = await single('b.org');
    expect(await prepared.run({ by: 'me', reason: '' }, () => undefined)).to.deep.equal({
      done: 1,
      refused: 0,
    });
    expect(await redis.mget(keys.cancel(early), keys.cancel(late))).to.deep.equal(['me', null]);
  });
});
