import { expect } from 'chai';
import type { PoolItem } from '../../../src/instances/pool/pool-item.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { readLastFilling } from '../../../src/jobs/queue/pool-hints.ts';
import { noteWanted } from '../../../src/jobs/queue/wanted-items.ts';
import { keepPool } from '../../../src/workers/pool/keep-pool.ts';
import { DEFINITIONS, type PoolPlatform, startPoolPlatform } from '../../support/pool-platform.ts';
import { silentLog } from '../../support/test-log.ts';

const LATER_MS = 60_000;

describe('keeping the pool', () => {
  let test: PoolPlatform;

  before(async () => {
    test = await startPoolPlatform({ size: 2, low: 1, reserve: 0 });
  });

  beforeEach(() => test.fleet.redis.flush());

  after(() => test.close());

  const keep = async (now = Date.now()) =>
    await keepPool(
      {
        fleet: test.fleet.fleet,
        pool: test.pool,
        definitions: new Map([[0, DEFINITIONS]]),
        log: silentLog(),
        now: () => now,
      },
      { items: await test.items(), unreadable: [] },
    );

  it('queues one job for an empty pool, and no other while that lives', async () => {
    const [jobId = ''] = await keep();
    const job = await test.fleet.fleet.queue.getJob(jobId);
    expect(job?.data).to.include({ kind: 'fill-pool', cluster: 0, to: 2, anytime: false, tries: 1 });
    expect(await keep(Date.now() + LATER_MS)).to.deep.equal([]);
    expect(await readLastFilling(test.fleet.fleet, 0)).to.include({ jobId, failures: 0, rising: true });
  });

  it('queues none while another job waits', async () => {
    await test.fleet.submit({ domain: test.fleet.domain('waits') });
    expect(await keep()).to.deep.equal([]);
  });

  it('queues none while the queue is paused', async () => {
    await test.fleet.fleet.queue.pause();
    expect(await keep()).to.deep.equal([]);
  });

  it('queues none beside a job that somebody has queued', async () => {
    const work = { kind: 'fill-pool', cluster: 0, to: 9, anytime: true } as const;
    await enqueueJob(test.fleet.fleet, { work, tries: 1 });
    expect(await keep()).to.deep.equal([]);
  });

  it('is not crowded by items that another worker wants', async () => {
    const definitions = 'c'.repeat(32);
    const others: PoolItem[] = [];
    for (let items = 0; items < 4; items += 1)
      others.push(await test.put({ state: 'ready', definitions }, false));
    expect(await keep()).to.deep.equal([]);
    await noteWanted(test.fleet.fleet, 0, definitions);
    expect(await keep()).to.have.length(1);
    for (const other of others) await test.store.forget(other);
  });

  it('counts only what is of use', async () => {
    await test.put({ state: 'ready', definitions: 'b'.repeat(32) }, false);
    await test.put({ state: 'claimed' }, false);
    expect(await keep()).to.have.length(1);
    await test.fleet.redis.flush();
    await test.put({ state: 'ready' }, false);
    expect(await keep()).to.deep.equal([]);
  });
});
