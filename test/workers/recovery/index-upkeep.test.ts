import { UnrecoverableError } from 'bullmq';
import { expect } from 'chai';
import { fence } from '../../../src/jobs/batches/row-state.ts';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import { placeName, placeOf } from '../../../src/jobs/index/place.ts';
import { fillIndex } from '../../../src/workers/recovery/fill-index.ts';
import { sweepIndex } from '../../../src/workers/recovery/sweep-index.ts';
import { payloadFor, startTestQueue, type TestQueue } from '../../jobs/fixture.ts';

describe('looking after the index', () => {
  let test: TestQueue;
  let fleet: KeyedFleet;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
  });

  beforeEach(() => test.redis.flush());

  after(() => test.close());

  async function all(): Promise<Record<string, string[]>> {
    const entries = await fleet.index.page(() => true, undefined, 1_000);
    const found: Record<string, string[]> = {};
    for (const { member, places } of entries) {
      for (const place of places) found[placeName(place)] = [...(found[placeName(place)] ?? []), member];
    }
    return found;
  }

  async function fill(): Promise<number> {
    for (let steps = 1; steps < 100; steps += 1) if (await fillIndex(fleet)) return steps;
    throw new Error('it is never full');
  }

  it('enters single jobs that an earlier version queued, wherever they are, once', async () => {
    const failed = await test.failed(payloadFor('a.org'));
    await test.add(payloadFor('b.org'));
    const active = await test.start();
    const waiting = await test.add(payloadFor('c.org'));
    await fill();
    expect(await all()).to.deep.equal({
      'create:failed::internal': [failed.id],
      'create:active::': [active.id],
      'create:waiting::': [waiting.id],
    });
    await test.add(payloadFor('d.org'));
    expect(await fill()).to.equal(1);
    expect((await all())['create:waiting::']).to.deep.equal([waiting.id]);
  });

  it('enters batches that an earlier version wrote, with the causes of their rows', async () => {
    const { redis, keys, batches } = fleet;
    const about = { kind: 'create', name: 'x', reason: '', by: 'me' } as const;
    const id = await batches.create({ ...about, total: 3 });
    const row = { batchId: id, domain: 'x.org', generation: 0, attempt: 1 };
    await batches.report({ ...row, row: 1, state: 'failed', stage: 'finish', code: 'taken' });
    await batches.report({ ...row, row: 2, state: 'failed', stage: 'finish', code: 'taken' });
    await batches.report({ ...row, row: 3, state: 'done' });
    const causes = await batches.causes(id);
    const before = await all();
    for (const key of await redis.keys(`${keys.index}*`)) await redis.del(key);
    await redis.del(keys.causes(id), `${keys.counts(id)}:failed:finish:taken`);
    await fill();
    await redis.del(keys.indexFill);
    await fill();
    expect(await batches.causes(id)).to.deep.equal(causes);
    expect(await all()).to.deep.equal(before);
  });

  it('passes over what somebody has broken', async () => {
    const { redis, keys, batches } = fleet;
    const about = { kind: 'create', name: 'x', reason: '', by: 'me' } as const;
    const broken = await batches.create({ ...about, total: 1 });
    await redis.set(keys.counts(broken), 'text');
    await redis.set(keys.indexFill, 'nonsense');
    const waiting = await test.add(payloadFor('a.org'));
    await redis.lpush(keys.bull('wait'), 'no-job');
    await fill();
    expect(await all()).to.deep.equal({ 'create:waiting::': [waiting.id] });
  });

  it('takes out what is gone, and leaves what is about to come', async () => {
    const { redis, keys, index } = fleet;
    const old = Date.now() - 61_000;
    await index.add([
      { jobId: 'gone-1', kind: 'create', timestamp: old },
      { jobId: 'to-come', kind: 'create', timestamp: Date.now() },
    ]);
    await redis.zadd(`${keys.index}:create:waiting::`, old, 'ABCDE');
    await sweepIndex(fleet);
    expect(await all()).to.deep.equal({ 'create:waiting::': ['to-come'] });
  });

  it('records the end of a single job whose worker died before it told', async () => {
    const id = (await test.add(payloadFor('a.org'))).id ?? '';
    const job = await test.start();
    await fleet.index.move(id, placeOf('create', 'active'), fence(0, 1, 'active'));
    await job.moveToFailed(new UnrecoverableError('taken: made to fail'), 'token', false);
    await sweepIndex(fleet);
    expect(await all()).to.deep.equal({ 'create:failed::taken': [id] });
  });

  it('comes round, some at a time', async () => {
    const old = Date.now() - 61_000;
    const gone = Array.from({ length: 450 }, (_, at) => ({
      jobId: `gone-${at}`,
      kind: 'create',
      timestamp: old - at,
    }));
    await fleet.index.add(gone);
    await sweepIndex(fleet);
    expect((await all())['create:waiting::']).to.have.length(250);
    await sweepIndex(fleet);
    await sweepIndex(fleet);
    expect(await all()).to.deep.equal({});
  });
});
