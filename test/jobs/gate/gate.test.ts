import { expect } from 'chai';
import type { SteeringChange } from '../../../src/jobs/batches/steering.ts';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import { enter, openGate, park, stepAside } from '../../../src/jobs/gate/gate.ts';
import { sweepGate } from '../../../src/jobs/gate/sweep-gate.ts';
import { creation, enqueueRows } from '../../../src/jobs/queue/enqueue.ts';
import { beat } from '../../../src/jobs/redis/worker-heartbeat.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { batchRow } from '../../support/batch-row.ts';
import { sampleBeat } from '../../support/sample-batch.ts';
import { startTestQueue, type TestQueue } from '../fixture.ts';

const HOUR = 3_600_000;

describe('the gate', () => {
  let test: TestQueue;
  let fleet: KeyedFleet;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
  });

  beforeEach(() => test.redis.flush());

  after(() => test.close());

  /** Says that a worker runs that many jobs at a time. */
  async function worker(concurrency: number): Promise<void> {
    const { redis, keys } = fleet;
    await beat(redis, keys, { ...sampleBeat(), id: 'w', concurrency });
  }

  async function batch(rows: number, steering: SteeringChange = {}): Promise<string> {
    const id = await fleet.batches.create({
      kind: 'create',
      name: 'f.csv',
      reason: '',
      by: 'root@ops',
      total: rows,
      steering,
    });
    const requests = Array.from({ length: rows }, (_, at) => {
      const domain = `r${at + 1}-${id.toLowerCase()}.example.org`;
      return { row: at + 1, ...creation({ options: sampleOptions({ domain }), tries: 3 }) };
    });
    await enqueueRows(fleet, id, requests);
    return id;
  }

  /** Numbers of the rows that were let through, and are on their way. */
  async function under(id: string): Promise<number[]> {
    const rows = await fleet.redis.zrange(fleet.keys.released(id), '0', '-1');
    return rows.map(Number).sort((a, b) => a - b);
  }

  /** Reports the end of a row. */
  async function end(id: string, row: number, state: 'done' | 'failed' | 'retrying' = 'done'): Promise<void> {
    const { jobId, domain = '' } = (await batchRow(fleet.batches, id, row)) ?? {};
    await fleet.batches.report({ batchId: id, row, jobId, domain, state, generation: 0, attempt: 1 });
  }

  async function waiting(): Promise<number> {
    return await fleet.queue.getJobCountByTypes('prioritized');
  }

  it('lets nothing through where no worker is', async () => {
    const id = await batch(3);
    expect(await openGate(fleet)).to.equal(0);
    expect(await under(id)).to.deep.equal([]);
  });

  it('lets half as many rows again through as workers run at a time, the first ones', async () => {
    await worker(3);
    const id = await batch(9);
    expect(await openGate(fleet)).to.equal(5);
    expect(await under(id)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(await waiting()).to.equal(5);
  });

  it('lets more rows through than one call of a script does', async () => {
    await worker(200);
    const id = await batch(250);
    expect(await openGate(fleet)).to.equal(250);
    expect(await under(id)).to.have.length(250);
  });

  it('lets the next row through when one has ended', async () => {
    await worker(1);
    const id = await batch(5);
    await openGate(fleet);
    await end(id, 1);
    expect(await openGate(fleet)).to.equal(1);
    expect(await under(id)).to.deep.equal([2, 3]);
  });

  it('lets the next row through when one is to be tried again later', async () => {
    await worker(1);
    const id = await batch(5);
    await openGate(fleet);
    await end(id, 1, 'retrying');
    expect(await openGate(fleet)).to.equal(1);
  });

  describe('with a batch that comes after another one', () => {
    let line: { id: string; row: number }[] = [];
    beforeEach(() => {
      line = [];
    });

    /** Opens the gate; what it lets through queues up behind what it let through before. */
    async function queueUp(...ids: string[]): Promise<void> {
      await openGate(fleet);
      for (const id of ids) {
        for (const row of await under(id)) {
          if (!line.some((each) => each.id === id && each.row === row)) line.push({ id, row });
        }
      }
    }

    /** Ends that many rows in the order in which they queued up. @returns how many of each batch those were */
    async function endSome(ends: number, ...ids: string[]): Promise<Record<string, number>> {
      const counts = Object.fromEntries(ids.map((id) => [id, 0]));
      for (const { id, row } of line.slice(0, ends)) {
        line = line.filter((each) => each.id !== id || each.row !== row);
        await end(id, row);
        counts[id] = (counts[id] ?? 0) + 1;
        await queueUp(...ids);
      }
      const rest = ends - Object.values(counts).reduce((sum, rows) => sum + rows, 0);
      if (rest === 0) return counts;
      const more = await endSome(rest, ...ids);
      return Object.fromEntries(ids.map((id) => [id, (counts[id] ?? 0) + (more[id] ?? 0)]));
    }

    it('gives both equal shares, and makes up for the rows that the first one had on their way', async () => {
      await worker(4);
      const large = await batch(60);
      await queueUp(large);
      await endSome(10, large);
      const small = await batch(30);
      await queueUp(large, small);
      for (const ends of [16, 16]) {
        const counts = await endSome(ends, large, small);
        expect(counts[small]).to.be.within(7, 9);
      }
    });

    it('does not make up for a time in which it was paused', async () => {
      await worker(4);
      const large = await batch(60);
      const small = await batch(30, { pause: { by: 'me', at: 1, reason: '' } });
      await queueUp(large, small);
      await endSome(20, large, small);
      await fleet.batches.steer(small, { pause: null });
      await queueUp(large, small);
      const counts = await endSome(20, large, small);
      expect(counts[small]).to.be.within(8, 12);
    });

    it('does not make up for anything where nothing of either is on its way', async () => {
      await worker(4);
      const large = await batch(60);
      await queueUp(large);
      await endSome(20, large);
      await fleet.redis.del(fleet.keys.workers);
      await endSome(line.length, large);
      const small = await batch(30);
      await worker(4);
      await queueUp(large, small);
      expect(line.filter(({ id }) => id === small)).to.have.length(3);
    });
  });

  it('lets nothing of a paused batch through, and its rows again when it goes on', async () => {
    await worker(2);
    const id = await batch(3, { pause: { by: 'me@ops', at: 1, reason: 'lunch' } });
    expect(await openGate(fleet)).to.equal(0);
    expect((await fleet.batches.get(id)).steering.pause).to.deep.equal({
      by: 'me@ops',
      at: 1,
      reason: 'lunch',
    });
    await fleet.batches.steer(id, { pause: null });
    expect(await openGate(fleet)).to.equal(3);
  });

  it('has rows that were let through wait where their batch was paused since', async () => {
    await worker(2);
    const id = await batch(3);
    await openGate(fleet);
    expect(await enter(fleet, { id, row: 1 })).to.deep.equal({ state: 'go' });
    await fleet.batches.steer(id, { pause: { by: 'me@ops', at: 1, reason: '' } });
    expect(await enter(fleet, { id, row: 2 })).to.deep.equal({ state: 'wait' });
  });

  it('has a row wait that was not let through', async () => {
    await worker(1);
    const id = await batch(5);
    await openGate(fleet);
    expect(await enter(fleet, { id, row: 5 })).to.deep.equal({ state: 'wait' });
  });

  it('lets as many rows of a canary through as it has, and no other when these have ended', async () => {
    await worker(9);
    const id = await batch(9, { canary: 2 });
    expect(await openGate(fleet)).to.equal(2);
    for (const row of [1, 2]) await end(id, row);
    expect(await openGate(fleet)).to.equal(0);
    await fleet.batches.steer(id, { canary: null });
    expect(await openGate(fleet)).to.equal(7);
  });

  it('lets a row of a canary through again that comes back, and no other in its place', async () => {
    await worker(9);
    const id = await batch(9, { canary: 2 });
    await openGate(fleet);
    await end(id, 1, 'retrying');
    expect(await openGate(fleet)).to.equal(0);
    await park(fleet, { id, row: 1 });
    expect(await openGate(fleet)).to.equal(1);
    expect(await under(id)).to.deep.equal([1, 2]);
  });

  it('lets a row of a canary through again that an operator has tried again after its end', async () => {
    await worker(9);
    const id = await batch(9, { canary: 2 });
    await openGate(fleet);
    for (const row of [1, 2]) await end(id, row, 'failed');
    expect(await openGate(fleet)).to.equal(0);
    const { jobId, domain = '' } = (await batchRow(fleet.batches, id, 2)) ?? {};
    await fleet.batches.report({
      ...{ batchId: id, row: 2, jobId, domain },
      ...{ state: 'waiting', generation: 1, attempt: 0 },
    });
    await park(fleet, { id, row: 2 });
    expect(await openGate(fleet)).to.equal(1);
    expect(await under(id)).to.deep.equal([2]);
  });

  it('has other rows than the canary wait that were let through before it was one', async () => {
    await worker(9);
    const id = await batch(9);
    await openGate(fleet);
    await fleet.batches.steer(id, { canary: 2 });
    expect(await enter(fleet, { id, row: 7 })).to.deep.equal({ state: 'wait' });
  });

  it('keeps to the number of rows that a batch may have under way', async () => {
    await worker(9);
    const id = await batch(9, { concurrency: 3 });
    expect(await openGate(fleet)).to.equal(3);
    expect(await openGate(fleet)).to.equal(0);
    await end(id, 2);
    expect(await openGate(fleet)).to.equal(1);
  });

  it('has those wait that were let through last where the number was made smaller', async () => {
    await worker(2);
    const id = await batch(9);
    await openGate(fleet);
    await fleet.batches.steer(id, { concurrency: 1 });
    const answers = await Promise.all([1, 2, 3, 4].map((row) => enter(fleet, { id, row })));
    expect(answers.filter(({ state }) => state === 'go')).to.have.length(1);
  });

  it('keeps to the rows that a batch may begin in a second', async () => {
    await worker(90);
    const id = await batch(50, { rate: 5 });
    expect(await openGate(fleet)).to.equal(1);
    const { redis, keys } = fleet;
    await redis.hset(keys.batch(id), 'tokensAt', Number(await redis.hget(keys.batch(id), 'tokensAt')) - 400);
    expect(await openGate(fleet)).to.be.within(2, 4);
    // What was not used for long is no more than one second's.
    await redis.hset(keys.batch(id), 'tokensAt', 0);
    expect(await openGate(fleet)).to.equal(5);
  });

  it('lets nothing through before its time', async () => {
    await worker(9);
    const id = await batch(3, { notBefore: Date.now() + HOUR });
    expect(await openGate(fleet)).to.equal(0);
    await fleet.batches.steer(id, { notBefore: Date.now() - 1 });
    expect(await openGate(fleet)).to.equal(3);
  });

  describe('of a batch with a window', () => {
    /** Hours that lie so far from now, in UTC. */
    function hours(from: number, until: number): SteeringChange {
      const clock = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16);
      return { window: { from: clock(from), until: clock(until), zone: 'UTC' } };
    }

    it('is closed outside of it', async () => {
      await worker(9);
      await batch(3, hours(2 * HOUR, 4 * HOUR));
      expect(await openGate(fleet)).to.equal(0);
    });

    it('is open in it', async () => {
      await worker(9);
      await batch(3, hours(-2 * HOUR, 4 * HOUR));
      expect(await openGate(fleet)).to.equal(3);
    });

    it('opens again though nobody has looked since it closed', async () => {
      await worker(9);
      const id = await batch(3, hours(-2 * HOUR, 4 * HOUR));
      const { redis, keys } = fleet;
      await redis.hset(keys.batch(id), { openFrom: 1, openUntil: 2 });
      expect(await enter(fleet, { id, row: 1 })).to.deep.equal({ state: 'wait' });
      expect(await openGate(fleet)).to.equal(3);
      expect(Number(await redis.hget(keys.batch(id), 'openUntil'))).to.be.above(Date.now());
    });
  });

  it('lets the rows of a cancelled batch through, whatever holds it, for workers end them', async () => {
    await worker(9);
    const id = await batch(3, { pause: { by: 'me', at: 1, reason: '' }, canary: 1, concurrency: 1 });
    await fleet.batches.setHalt(id, 'cancelled');
    expect(await openGate(fleet)).to.equal(3);
    expect(await enter(fleet, { id, row: 3 })).to.deep.equal({ state: 'halted', halt: 'cancelled' });
  });

  it('goes on for other batches where what it keeps of one is broken', async () => {
    await worker(3);
    const broken = await batch(2, { canary: 1 });
    const well = await batch(4);
    const { redis, keys } = fleet;
    await redis.del(keys.batch(broken));
    for (const key of [keys.batch(broken), keys.canary(broken), keys.released(broken)])
      await redis.set(key, 'x');
    expect(await openGate(fleet)).to.equal(4);
    expect(await under(well)).to.deep.equal([1, 2, 3, 4]);
  });

  it('does not count workers that take no job up', async () => {
    await worker(2);
    await batch(3);
    await fleet.redis.set(fleet.keys.drain('w'), '{}');
    expect(await openGate(fleet)).to.equal(0);
  });

  it('forgets batches whose rows have all ended', async () => {
    await worker(9);
    const id = await batch(2);
    await openGate(fleet);
    for (const row of [1, 2]) await end(id, row);
    await openGate(fleet);
    expect(await fleet.redis.zcard(fleet.keys.gate)).to.equal(0);
  });

  describe('whose opener died', () => {
    /** As if it had been let through some seconds ago. */
    async function longAgo(id: string, row: number): Promise<void> {
      await fleet.redis.zadd(fleet.keys.released(id), Date.now() - 60_000, row);
    }

    it('has the jobs taken up that it let through', async () => {
      await worker(9);
      const id = await batch(2);
      await fleet.redis.zrem(fleet.keys.held(id), 1, 2);
      for (const row of [1, 2]) await longAgo(id, row);
      await sweepGate(fleet);
      expect(await waiting()).to.equal(2);
      expect(await under(id)).to.deep.equal([1, 2]);
    });

    it('makes room for others where a row has ended', async () => {
      await worker(9);
      const id = await batch(2);
      await openGate(fleet);
      await end(id, 1);
      await longAgo(id, 1);
      await sweepGate(fleet);
      expect(await under(id)).to.deep.equal([2]);
    });

    it('makes room for others where a row or its job is gone', async () => {
      await worker(9);
      const id = await batch(3);
      await openGate(fleet);
      await fleet.redis.hdel(fleet.keys.rows(id), '1');
      const { jobId = '' } = (await batchRow(fleet.batches, id, 2)) ?? {};
      await fleet.redis.del(fleet.keys.bull(jobId));
      for (const row of [1, 2, 3]) await longAgo(id, row);
      await sweepGate(fleet);
      expect(await under(id)).to.deep.equal([3]);
    });
  });

  it('makes room for what has to come before a row', async () => {
    await worker(1);
    const id = await batch(5);
    await openGate(fleet);
    await stepAside(fleet, { id, row: 1 });
    expect(await openGate(fleet)).to.equal(1);
  });
});
