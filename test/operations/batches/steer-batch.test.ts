import { expect } from 'chai';
import { FleetError, InputError } from '../../../src/errors.ts';
import type { SteeringChange } from '../../../src/jobs/batches/steering.ts';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import { enter, openGate } from '../../../src/jobs/gate/gate.ts';
import { creation, enqueueRows } from '../../../src/jobs/queue/enqueue.ts';
import { beat } from '../../../src/jobs/redis/worker-heartbeat.ts';
import { pauseBatch, resumeBatch, setBatch } from '../../../src/operations/batches/steer-batch.ts';
import { createStateReader } from '../../../src/operations/jobs/state-reader.ts';
import { sampleOptions } from '../../instances/sample-options.ts';
import { startTestQueue, type TestQueue } from '../../jobs/fixture.ts';
import { batchRow } from '../../support/batch-row.ts';
import { sampleWorker } from '../../support/sample-batch.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const ME = { by: 'me@ops', reason: 'lunch' };

describe('steering a batch', () => {
  let test: TestQueue;
  let fleet: KeyedFleet;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
  });

  beforeEach(async () => {
    await test.redis.flush();
    await beat(fleet.redis, fleet.keys, { ...sampleWorker(), concurrency: 2, running: 0 });
  });

  after(() => test.close());

  async function batch(rows: number, steering: SteeringChange = {}): Promise<string> {
    const about = { kind: 'create', name: 'f.csv', reason: '', by: 'root@ops', total: rows } as const;
    const id = await fleet.batches.create({ ...about, steering });
    const requests = Array.from({ length: rows }, (_, at) => {
      const domain = `r${at + 1}-${id.toLowerCase()}.example.org`;
      return { row: at + 1, ...creation({ options: sampleOptions({ domain }), tries: 3 }) };
    });
    await enqueueRows(fleet, id, requests);
    return id;
  }

  async function underWay(id: string): Promise<number> {
    return await fleet.redis.zcard(fleet.keys.released(id));
  }

  async function end(id: string, row: number, state: 'done' | 'failed' = 'done'): Promise<void> {
    const { jobId, domain = '' } = (await batchRow(fleet.batches, id, row)) ?? {};
    await fleet.batches.report({ batchId: id, row, jobId, domain, state, generation: 0, attempt: 1 });
  }

  describe('by a pause', () => {
    it('keeps who and why, and holds rows that were let through', async () => {
      const id = await batch(5);
      await openGate(fleet);
      const { state, pause } = await pauseBatch(fleet, id, ME, 7);
      expect({ state, pause }).to.deep.equal({ state: 'paused', pause: { ...ME, at: 7 } });
      expect(await enter(fleet, { id, row: 1 })).to.deep.equal({ state: 'wait' });
    });

    it('leaves the first pause as it is', async () => {
      const id = await batch(5);
      await pauseBatch(fleet, id, ME, 7);
      const again = await pauseBatch(fleet, id, { by: 'you@ops', reason: 'tea' }, 9);
      expect(again.state).to.equal('already');
      expect(again.batch.steering.pause).to.deep.equal({ ...ME, at: 7 });
    });

    it('has its rows shown as held', async () => {
      const id = await batch(5);
      const { jobId = '' } = (await batchRow(fleet.batches, id, 5)) ?? {};
      const job = await fleet.queue.getJob(jobId);
      if (job === undefined) throw new Error('the job is gone');
      expect(await createStateReader(fleet)(job)).to.equal('waiting');
      await pauseBatch(fleet, id, ME, 7);
      expect(await createStateReader(fleet)(job)).to.equal('held');
    });
  });

  describe('by having it go on', () => {
    it('lifts a pause, and lets rows through at once', async () => {
      const id = await batch(5);
      await pauseBatch(fleet, id, ME, 7);
      expect((await resumeBatch(fleet, id)).lifted).to.deep.equal(['pause']);
      expect(await underWay(id)).to.equal(3);
    });

    it('lets the rows after a canary through', async () => {
      const id = await batch(5, { canary: 1 });
      await openGate(fleet);
      await end(id, 1);
      const { lifted, before } = await resumeBatch(fleet, id);
      expect(lifted).to.deep.equal(['canary']);
      expect(before.steering).to.include({ canary: 1, canaryEnded: 1 });
      expect(await underWay(id)).to.equal(3);
    });

    it('lifts both where both hold it', async () => {
      const id = await batch(5, { canary: 1 });
      await openGate(fleet);
      await end(id, 1);
      await pauseBatch(fleet, id, ME, 7);
      const { lifted, batch: after } = await resumeBatch(fleet, id);
      expect(lifted).to.deep.equal(['pause', 'canary']);
      expect(after.steering).to.include({ pause: undefined, canary: undefined, canaryEnded: 0 });
    });

    it('lifts the pause alone amid a canary', async () => {
      const id = await batch(5, { canary: 2 });
      await openGate(fleet);
      await end(id, 1);
      await pauseBatch(fleet, id, ME, 7);
      expect((await resumeBatch(fleet, id)).lifted).to.deep.equal(['pause']);
      expect(await underWay(id)).to.equal(1);
      expect((await resumeBatch(fleet, id)).lifted).to.deep.equal(['canary']);
      expect(await underWay(id)).to.be.above(1);
    });

    it('does nothing twice, and leaves what else holds it', async () => {
      const id = await batch(5, { notBefore: Date.now() + 3_600_000 });
      expect((await resumeBatch(fleet, id)).lifted).to.deep.equal([]);
      expect(await underWay(id)).to.equal(0);
    });
  });

  describe('by other limits', () => {
    it('changes what is named alone', async () => {
      const id = await batch(9, { concurrency: 1 });
      const { steering } = await setBatch(fleet, id, { steering: { rate: 50 } });
      expect(steering).to.include({ concurrency: 1, rate: 50 });
      const freed = await setBatch(fleet, id, { steering: { concurrency: null, rate: null } });
      expect(freed.steering).to.include({ concurrency: undefined, rate: undefined });
      expect(await underWay(id)).to.equal(3);
    });

    it('takes a share of failures, shows both, and takes it away', async () => {
      const id = await batch(50);
      const set = await setBatch(fleet, id, { steering: {}, maxFailures: { percent: 5 } });
      expect(set).to.include({ maxFailures: 2, maxFailuresPercent: 5 });
      const none = await setBatch(fleet, id, { steering: {}, maxFailures: 0 });
      expect(none).to.include({ maxFailures: 0, maxFailuresPercent: undefined });
      const free = await setBatch(fleet, id, { steering: {}, maxFailures: null });
      expect(free).to.include({ maxFailures: undefined, maxFailuresPercent: undefined });
    });

    it('refuses a limit of failures that is passed already', async () => {
      const id = await batch(5);
      await end(id, 1, 'failed');
      const error = await thrownBy(setBatch(fleet, id, { steering: { rate: 1 }, maxFailures: 0 }));
      expect(error).to.be.instanceOf(InputError).with.nested.property('place.column', '--max-failures');
      expect((await fleet.batches.get(id)).steering.rate).to.equal(undefined);
    });

    it('begins a canary amid a batch, of its own rows', async () => {
      const id = await batch(9, { canary: 1 });
      await openGate(fleet);
      await end(id, 1);
      await setBatch(fleet, id, { steering: { canary: 2 } });
      expect(await fleet.redis.zrange(fleet.keys.released(id), '0', '-1')).to.deep.equal(['2', '3']);
      expect((await fleet.batches.get(id)).steering).to.include({ canary: 2, canaryEnded: 0 });
    });
  });

  it('counts the rows of a canary that have ended, each once', async () => {
    const id = await batch(9, { canary: 2 });
    await openGate(fleet);
    const ended = async () => (await fleet.batches.get(id)).steering.canaryEnded;
    await end(id, 1);
    await end(id, 1);
    expect(await ended()).to.equal(1);
    await end(id, 2, 'failed');
    expect(await ended()).to.equal(2);
    const { jobId, domain = '' } = (await batchRow(fleet.batches, id, 2)) ?? {};
    const again = { batchId: id, row: 2, jobId, domain, generation: 1, attempt: 1 };
    await fleet.batches.report({ ...again, state: 'waiting' });
    expect(await ended()).to.equal(1);
  });

  it('that has ended cannot go on, and says how its rows are tried again', async () => {
    const ended = await batch(1);
    await end(ended, 1);
    const error = await thrownBy(resumeBatch(fleet, ended));
    expect(error).to.have.property('message', `batch ${ended} has ended: there is nothing that could go on`);
    expect(error).to.have.property('advice').that.contains(`batches retry ${ended}`);
  });

  for (const [name, steer] of [
    ['paused', (id: string) => pauseBatch(fleet, id, ME, 1)],
    ['resumed', (id: string) => resumeBatch(fleet, id)],
    ['changed', (id: string) => setBatch(fleet, id, { steering: { rate: 1 } })],
  ] as const) {
    it(`is refused where the batch has ended, was stopped or is not there, when it is to be ${name}`, async () => {
      const ended = await batch(1);
      await end(ended, 1);
      expect(await thrownBy(steer(ended)))
        .to.be.instanceOf(FleetError)
        .with.property('code', 'ended');
      const stopped = await batch(1);
      await fleet.batches.setHalt(stopped, 'cancelled');
      expect(await thrownBy(steer(stopped)))
        .to.be.instanceOf(FleetError)
        .with.property('code', 'halted');
      expect(await thrownBy(steer('NONE5'))).to.be.instanceOf(InputError);
    });
  }
});
