import { expect } from 'chai';
import { fence } from '../../../src/jobs/batches/row-state.ts';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import { placeName, placeOf } from '../../../src/jobs/index/place.ts';
import { creation, enqueueJob, enqueueRows } from '../../../src/jobs/queue/enqueue.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { startTestQueue, type TestQueue } from '../fixture.ts';

describe('the index of jobs', () => {
  let test: TestQueue;
  let fleet: KeyedFleet;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
  });

  beforeEach(() => test.redis.flush());

  after(() => test.close());

  async function queued(domain: string): Promise<string> {
    const answer = await enqueueJob(fleet, creation({ options: sampleOptions({ domain }), tries: 8 }));
    return answer.jobId;
  }

  /** Names of the places where something is, with their members. */
  async function all(): Promise<Record<string, string[]>> {
    const entries = await fleet.index.page(() => true, undefined, 100);
    const found: Record<string, string[]> = {};
    for (const { member, places } of entries) {
      for (const place of places) found[placeName(place)] = [...(found[placeName(place)] ?? []), member];
    }
    return found;
  }

  it('has a job that was queued, where it waits', async () => {
    const id = await queued('a.org');
    expect(await all()).to.deep.equal({ 'create:waiting::': [id] });
  });

  it('has a job before the queue has it', async () => {
    const { queue, redis, keys } = fleet;
    const addBulk = queue.addBulk.bind(queue);
    let known: string[] | undefined;
    const watched = Object.assign(Object.create(queue), {
      addBulk: async (jobs: Parameters<typeof addBulk>[0]) => {
        known = await redis.zrange(`${keys.index}:create:waiting::`, '0', '-1');
        return await addBulk(jobs);
      },
    });
    const options = sampleOptions({ domain: 'a.org' });
    const { jobId } = await enqueueJob({ ...fleet, queue: watched }, creation({ options, tries: 8 }));
    expect(known).to.deep.equal([jobId]);
  });

  it('moves a job by reports, and by none that is late or comes again', async () => {
    const id = await queued('a.org');
    const failed = placeOf('create', 'failed', { stage: 'register', code: 'taken' });
    await fleet.index.move(id, placeOf('create', 'active'), fence(0, 1, 'active'));
    expect(await all()).to.deep.equal({ 'create:active::': [id] });
    await fleet.index.move(id, failed, fence(0, 1, 'failed'));
    await fleet.index.move(id, placeOf('create', 'active'), fence(0, 1, 'active'));
    await fleet.index.move(id, placeOf('create', 'retrying', { code: 'couchdb' }), fence(0, 1, 'retrying'));
    expect(await all()).to.deep.equal({ 'create:failed:register:taken': [id] });
    await fleet.index.move(id, placeOf('create', 'waiting'), fence(1, 0, 'waiting'));
    expect(await all()).to.deep.equal({ 'create:waiting::': [id] });
  });

  it('forgets a job that is gone when it is reported, and makes none of it', async () => {
    const id = await queued('a.org');
    await fleet.redis.del(fleet.keys.bull(id));
    await fleet.index.move(id, placeOf('create', 'active'), fence(0, 1, 'active'));
    expect(await all()).to.deep.equal({});
    expect(await fleet.redis.exists(fleet.keys.bull(id))).to.equal(0);
  });

  it('drops what is gone, and nothing that is there', async () => {
    const [there, gone] = [await queued('a.org'), await queued('b.org')];
    await fleet.redis.del(fleet.keys.bull(gone));
    for (const id of [there, gone]) await fleet.index.dropJob(id, placeOf('create', 'waiting'));
    expect(await all()).to.deep.equal({ 'create:waiting::': [there] });
  });

  it('keeps no job from being queued or reported, whatever somebody has put in its place', async () => {
    const { redis, keys } = fleet;
    for (const key of [keys.index, `${keys.index}:create:waiting::`, `${keys.index}:create:active::`]) {
      await redis.set(key, 'text');
    }
    const id = await queued('a.org');
    expect(await redis.exists(keys.bull(id))).to.equal(1);
    await fleet.index.move(id, placeOf('create', 'active'), fence(0, 1, 'active'));
    expect(await all()).to.deep.equal({});
  });

  it('has names of places that no word of others can break', () => {
    const place = placeOf('create', 'failed', { stage: 'a:b', code: 'x'.repeat(65) });
    expect(placeName(place)).to.equal('create:failed:other:other');
    expect(placeName(placeOf('create', 'failed', {}))).to.equal('create:failed::unknown');
  });

  describe('of a batch', () => {
    const about = { domain: 'x.org', generation: 0, attempt: 1 };

    const made = (total: number) =>
      fleet.batches.create({ kind: 'create', name: 'x', reason: '', by: 'me', total });

    it('has the batch and no row, for as long as rows are there', async () => {
      const batchId = await made(2);
      const rows = [1, 2].map((row) => ({
        ...creation({ options: sampleOptions({ domain: `r${row}.org` }), tries: 8 }),
        row,
      }));
      await enqueueRows(fleet, batchId, rows);
      expect(await all()).to.deep.equal({ 'create:waiting::': [batchId] });
      const place = { batchId, row: 1, ...about };
      await fleet.batches.report({ ...place, state: 'active' });
      expect(await all()).to.deep.equal({ 'create:waiting::': [batchId], 'create:active::': [batchId] });
      await fleet.batches.report({ ...place, state: 'done' });
      await fleet.batches.report({ ...place, row: 2, state: 'done' });
      expect(await all()).to.deep.equal({ 'create:done::': [batchId] });
    });

    it('has the causes of rows, moved with them', async () => {
      const batchId = await made(2);
      const failed = { batchId, ...about, state: 'failed', stage: 'finish', code: 'taken' } as const;
      for (const row of [1, 2]) await fleet.batches.report({ ...failed, row });
      await fleet.batches.report({ ...failed, row: 2 });
      expect(await fleet.batches.causes(batchId)).to.deep.equal([
        { state: 'failed', stage: 'finish', code: 'taken', rows: 2 },
      ]);
      expect(await all()).to.deep.equal({ 'create:failed:finish:taken': [batchId] });
      // Another failure of the same row, as when it was tried again and its start was never told.
      await fleet.batches.report({ ...failed, row: 2, code: 'lost', generation: 1 });
      await fleet.batches.report({ ...about, batchId, row: 1, state: 'waiting', generation: 1, attempt: 0 });
      expect(await fleet.batches.causes(batchId)).to.deep.equal([
        { state: 'failed', stage: 'finish', code: 'lost', rows: 1 },
      ]);
      expect(await all()).to.deep.equal({
        'create:waiting::': [batchId],
        'create:failed:finish:lost': [batchId],
      });
    });

    it('expires with the batch', async () => {
      const batchId = await made(1);
      await fleet.batches.report({ ...about, batchId, row: 1, state: 'failed', code: 'taken' });
      const { redis, keys } = fleet;
      for (const key of [keys.causes(batchId), `${keys.counts(batchId)}:failed::taken`]) {
        expect(await redis.ttl(key), key).to.be.greaterThan(89 * 24 * 3600);
      }
      expect(await redis.ttl(keys.index)).to.equal(-1);
    });
  });

  it('is read on without gaps and repeats where many were made in the same moment', async () => {
    const ids = Array.from({ length: 30 }, (_, at) => `job-${String(at).padStart(2, '0')}`);
    await fleet.index.add(
      ids.map((jobId, at) => ({ jobId, kind: at % 2 ? 'create' : 'destroy', timestamp: 5 })),
    );
    await fleet.index.add([{ jobId: 'older', kind: 'create', timestamp: 4 }]);
    const met: string[] = [];
    let after: { time: number; member: string } | undefined;
    for (;;) {
      const page = await fleet.index.page(() => true, after, 4);
      met.push(...page.map(({ member }) => member));
      after = page.at(-1);
      if (after === undefined) break;
    }
    expect(met).to.deep.equal([...[...ids].reverse(), 'older']);
  });
});
