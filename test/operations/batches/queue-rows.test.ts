import { expect } from 'chai';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import { creation } from '../../../src/jobs/queue/enqueue.ts';
import { type BatchRow, queueRows } from '../../../src/operations/batches/queue-rows.ts';
import { adoptParked } from '../../../src/workers/recovery/return-to-gate.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { startTestQueue, type TestQueue } from '../../jobs/fixture.ts';

const PAGES = 8;
const OF_PAGE = 3;

describe('rows that are queued page by page', () => {
  let test: TestQueue;
  let fleet: KeyedFleet;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
  });

  beforeEach(() => test.redis.flush());

  after(() => test.close());

  /** Queues eight pages. @param asked called before each of them, with its number from 1 */
  async function queue(
    asked: (page: number, batchId: string) => Promise<void>,
    signal?: AbortSignal,
    by: KeyedFleet = fleet,
  ) {
    const total = PAGES * OF_PAGE;
    const batch = { kind: 'create', name: 'rows.csv', reason: '', by: 'me', total } as const;
    const batchId = await fleet.batches.create(batch);
    async function* chunks(): AsyncGenerator<BatchRow[]> {
      for (let page = 1; page <= PAGES; page += 1) {
        await asked(page, batchId);
        yield Array.from({ length: OF_PAGE }, (_, at) => {
          const row = (page - 1) * OF_PAGE + at + 1;
          return { ...creation({ options: sampleOptions({ domain: `row${row}.org` }), tries: 1 }), row };
        });
      }
    }
    const options = { signal: signal ?? new AbortController().signal, look: async () => undefined };
    const queued = await queueRows(by, { batchId, batch, chunks: chunks() }, options);
    const { total: known, counts } = await fleet.batches.get(batchId);
    return { queued, known, waiting: counts.waiting, jobs: await fleet.queue.getDelayedCount() };
  }

  it('are all there', async () => {
    const rows = PAGES * OF_PAGE;
    const asked: number[] = [];
    const found = await queue(async (page) => void asked.push(page));
    expect(found).to.deep.equal({ queued: rows, known: rows, waiting: rows, jobs: rows });
    expect(asked).to.have.lengthOf(PAGES);
  });

  it('are known to their batch wherever they have a job, when somebody has had enough', async () => {
    const enough = new AbortController();
    const { queued, known, waiting, jobs } = await queue(async (page) => {
      if (page === 5) enough.abort();
    }, enough.signal);
    expect(queued)
      .to.be.lessThan(PAGES * OF_PAGE)
      .and.greaterThan(0);
    expect([known, waiting, jobs]).to.deep.equal([queued, queued, queued]);
  });

  it('are known to their batch wherever they have a job, when it is halted', async () => {
    const { queued, known, waiting, jobs } = await queue(async (page, batchId) => {
      if (page === 5) await fleet.batches.setHalt(batchId, 'cancelled');
    });
    expect(queued)
      .to.be.lessThan(PAGES * OF_PAGE)
      .and.greaterThan(0);
    expect([known, waiting, jobs]).to.deep.equal([queued, queued, queued]);
  });

  it('are known to their batch wherever they have a job, when they cannot be read on', async () => {
    let batchOf = '';
    const failed = await queue(async (page, batchId) => {
      batchOf = batchId;
      if (page === 5) throw new Error('unreadable');
    }).catch((error: unknown) => error);
    expect(failed).to.have.property('message', 'unreadable');
    const { total, counts } = await fleet.batches.get(batchOf);
    expect([total, counts.waiting, await fleet.queue.getDelayedCount()]).to.deep.equal([12, 12, 12]);
  });

  it('keep their batch from ending where they have a job, and Redis fails before they are known', async () => {
    let batchOf = '';
    let pages = 0;
    const enter: KeyedFleet['batches']['enter'] = async (batchId, rows) => {
      pages += 1;
      if (pages === 3) throw new Error('away');
      return await fleet.batches.enter(batchId, rows);
    };
    const failing = { ...fleet, batches: { ...fleet.batches, enter } };
    const asked = async (_: number, batchId: string) => {
      batchOf = batchId;
    };
    const failed = await queue(asked, undefined, failing).catch((error: unknown) => error);
    expect(failed).to.have.property('message', 'away');
    const { total, counts, endedAt } = await fleet.batches.get(batchOf);
    expect(counts.waiting).to.equal(2 * OF_PAGE);
    expect(total)
      .to.be.greaterThan(counts.waiting)
      .and.equal(await fleet.queue.getDelayedCount());
    expect(endedAt).to.equal(undefined);
    // They are found as those of a command that died.
    expect(await adoptParked(fleet, batchOf)).to.equal(total - counts.waiting);
  });

  it('keep their batch from ending where they have a job, and Redis fails while they are being added', async () => {
    let batchOf = '';
    let pages = 0;
    const add: KeyedFleet['index']['add'] = async (jobs) => {
      pages += 1;
      if (pages === 3) throw new Error('away');
      await fleet.index.add(jobs);
    };
    const failing = { ...fleet, index: { ...fleet.index, add } };
    const asked = async (_: number, batchId: string) => {
      batchOf = batchId;
    };
    const failed = await queue(asked, undefined, failing).catch((error: unknown) => error);
    expect(failed).to.have.property('message', 'away');
    const { total, counts, endedAt } = await fleet.batches.get(batchOf);
    expect([total, counts.waiting, endedAt]).to.deep.equal([3 * OF_PAGE, 2 * OF_PAGE, undefined]);
    expect(await fleet.queue.getDelayedCount()).to.equal(total);
    expect(await adoptParked(fleet, batchOf)).to.equal(OF_PAGE);
  });
});
