import { expect } from 'chai';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import { creation } from '../../../src/jobs/queue/enqueue.ts';
import { queueRows } from '../../../src/operations/batches/queue-rows.ts';
import { ANY_JOB, type JobFilter } from '../../../src/operations/jobs/job-filter.ts';
import { listJobs } from '../../../src/operations/jobs/list-jobs.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { startTestQueue, type TestQueue } from '../fixture.ts';

describe('kinds of rows', () => {
  let test: TestQueue;
  let fleet: KeyedFleet;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
  });

  beforeEach(() => test.redis.flush());

  after(() => test.close());

  const about = { name: 'list.csv', reason: '', by: 'me' };
  const made = creation({ options: sampleOptions({ domain: 'new.org' }), tries: 8 });
  const gone = {
    tries: 8,
    work: { kind: 'destroy', domain: 'old.org', skipAccounts: false, resume: false } as const,
  };

  /** A batch that makes the one instance and destroys the other. */
  async function queueBoth(): Promise<string> {
    const batch = { ...about, kind: 'mixed', total: 2 } as const;
    const batchId = await fleet.batches.create(batch);
    async function* chunks() {
      yield [
        { ...made, row: 1 },
        { ...gone, row: 2 },
      ];
    }
    const signal = new AbortController().signal;
    await queueRows(fleet, { batchId, batch, chunks: chunks() }, { signal, look: async () => undefined });
    return batchId;
  }

  async function rowsOf(batchId: string) {
    const rows = [];
    for await (const row of fleet.batches.rows(batchId)) rows.push(row);
    return rows;
  }

  async function domains(filter: Partial<JobFilter>): Promise<string[]> {
    const found: string[] = [];
    for await (const { domain } of listJobs(fleet, { ...ANY_JOB, ...filter }, { limit: 10 })) {
      found.push(domain);
    }
    return found;
  }

  it('are each row’s own in a batch of several', async () => {
    const batchId = await queueBoth();
    expect(await fleet.batches.get(batchId)).to.include({ kind: 'mixed' });
    const kinds = (await rowsOf(batchId)).map(({ domain, kind }) => [domain, kind]);
    expect(kinds).to.deep.equal([
      ['new.org', 'create'],
      ['old.org', 'destroy'],
    ]);
  });

  it('stay when somebody reports on a row who knows nothing of them', async () => {
    const batchId = await queueBoth();
    const report = { batchId, row: 2, domain: 'old.org', generation: 0, attempt: 1 };
    await fleet.batches.report({ ...report, state: 'failed', stage: 'mark', code: 'deleting' });
    expect((await rowsOf(batchId))[1]).to.include({ kind: 'destroy', state: 'failed' });
  });

  it('are not said of rows where the batch says it', async () => {
    const batch = { ...about, kind: 'create', total: 1 } as const;
    const batchId = await fleet.batches.create(batch);
    await fleet.batches.report({
      batchId,
      row: 1,
      domain: 'a.org',
      state: 'done',
      generation: 0,
      attempt: 1,
    });
    expect((await rowsOf(batchId))[0]).not.to.have.property('kind');
  });

  it('are not believed where somebody has broken them', async () => {
    const batchId = await queueBoth();
    await fleet.redis.hset(fleet.keys.kinds(batchId), '1', 'sing');
    expect((await rowsOf(batchId)).map(({ kind }) => kind)).to.deep.equal([undefined, 'destroy']);
    await fleet.redis.set(fleet.keys.kinds(batchId), 'x');
    expect((await rowsOf(batchId)).map(({ kind }) => kind)).to.deep.equal([undefined, undefined]);
  });

  it('choose the jobs that are listed', async () => {
    const batch = await queueBoth();
    expect(await domains({ kinds: ['destroy'] })).to.deep.equal(['old.org']);
    expect(await domains({ kinds: ['create'], batch })).to.deep.equal(['new.org']);
    expect(await domains({ kinds: ['repair'] })).to.deep.equal([]);
    expect(await domains({})).to.deep.equal(['old.org', 'new.org']);
  });
});
