import { expect } from 'chai';
import type { SteeringChange } from '../../../src/jobs/batches/steering.ts';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import { enter, letThrough, openGate, park, type RowPlace } from '../../../src/jobs/gate/gate.ts';
import { placeAtGate } from '../../../src/jobs/gate/parked.ts';
import { isEnded, parsePayload } from '../../../src/jobs/kinds/payload.ts';
import { creation, enqueueRows } from '../../../src/jobs/queue/enqueue.ts';
import { beat } from '../../../src/jobs/redis/worker-heartbeat.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { batchRow } from '../../support/batch-row.ts';
import { sampleBeat } from '../../support/sample-batch.ts';
import { startTestQueue, type TestQueue } from '../fixture.ts';

describe('the order in which the gate lets rows through', () => {
  let test: TestQueue;
  let fleet: KeyedFleet;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
  });

  beforeEach(async () => {
    await test.redis.flush();
    await beat(fleet.redis, fleet.keys, { ...sampleBeat(), id: 'w', concurrency: 10 });
  });

  after(() => test.close());

  /** @param members rows that come after the last one, their organization's own */
  async function batch(
    rows: number,
    steering: SteeringChange,
    members: readonly number[] = [],
  ): Promise<string> {
    const about = { kind: 'create', name: 'f.csv', reason: '', by: 'root@ops', total: rows } as const;
    const id = await fleet.batches.create({ ...about, steering });
    const domainOf = (row: number) => `r${row}-${id.toLowerCase()}.example.org`;
    const requests = Array.from({ length: rows }, (_, at) => {
      const row = at + 1;
      const after = members.includes(row) ? [domainOf(rows)] : [];
      return { row, ...creation({ options: sampleOptions({ domain: domainOf(row) }), tries: 3, after }) };
    });
    await enqueueRows(fleet, id, requests);
    return id;
  }

  async function released(id: string): Promise<number[]> {
    return (await fleet.redis.zrange(fleet.keys.released(id), '0', '-1')).map(Number);
  }

  async function jobOf({ id, row }: RowPlace): Promise<string> {
    return (await batchRow(fleet.batches, id, row))?.jobId ?? '';
  }

  it('is that of the file, but for rows that wait for another one, which come behind it', async () => {
    const id = await batch(5, { canary: 3 }, [1, 2]);
    await openGate(fleet);
    expect(await released(id)).to.deep.equal([3, 4, 5]);
  });

  it('has rows that come back wait behind what they wait for, too', async () => {
    const id = await batch(3, { concurrency: 1 }, [1]);
    const job = await fleet.queue.getJob(await jobOf({ id, row: 1 }));
    const payload = parsePayload(job?.data);
    if (isEnded(payload)) throw new Error('it has not ended');
    await park(fleet, { id, row: 1 }, placeAtGate(1, payload));
    await openGate(fleet);
    expect(await released(id)).to.deep.equal([2]);
  });

  it('is the one in which they may begin where fewer are allowed since', async () => {
    const id = await batch(12, {});
    await openGate(fleet);
    expect(await released(id)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    for (const row of [1, 2, 3]) expect(await enter(fleet, { id, row })).to.deep.equal({ state: 'go' });
    await fleet.batches.steer(id, { concurrency: 3 });
    expect(await enter(fleet, { id, row: 10 })).to.deep.equal({ state: 'wait' });
  });

  describe('for a row that somebody waits for', () => {
    it('is behind those that run, whatever the clock of whoever wants it says', async () => {
      const id = await batch(3, { concurrency: 1 });
      await openGate(fleet);
      const { now } = Date;
      try {
        Date.now = () => now() - 60_000;
        await letThrough(fleet, { id, row: 3 }, await jobOf({ id, row: 3 }));
      } finally {
        Date.now = now;
      }
      expect(await enter(fleet, { id, row: 3 })).to.deep.equal({ state: 'wait' });
    });

    it('is looked after as others are, though it was the last one at the gate', async () => {
      const id = await batch(1, {});
      await fleet.redis.zrem(fleet.keys.gate, id);
      await letThrough(fleet, { id, row: 1 }, await jobOf({ id, row: 1 }));
      expect(await fleet.redis.zrange(fleet.keys.gate, '0', '-1')).to.deep.equal([id]);
    });
  });
});
