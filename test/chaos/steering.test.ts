import { expect } from 'chai';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import type { SteeringChange } from '../../src/jobs/batches/steering.ts';
import { openGate } from '../../src/jobs/gate/gate.ts';
import { creation, enqueueRows } from '../../src/jobs/queue/enqueue.ts';
import { startSharedCouch } from '../support/chaos-couch.ts';
import {
  type ChaosFleet,
  endOf,
  findings,
  openChaosFleet,
  optionsFor,
  queueInstance,
} from '../support/chaos-fleet.ts';
import { type ChaosWorker, startChaosWorker } from '../support/chaos-process.ts';
import { Cleanup } from '../support/cleanup.ts';
import type { TestCouch } from '../support/servers.ts';
import { until } from '../support/until.ts';

const TIMEOUT_MS = 120_000;
const HOUR = 3_600_000;

/** Jobs that a worker runs at a time. */
const CONCURRENCY = 3;

/** A batch, and the instances that it is to make. */
interface Submitted {
  readonly id: string;
  readonly options: readonly InstanceOptions[];
}

describe('batches that are steered', function () {
  this.timeout(TIMEOUT_MS);
  let couch: TestCouch;
  let test: Cleanup;
  let chaos: ChaosFleet;

  before(async () => {
    couch = await startSharedCouch();
  });
  after(() => couch.close());

  beforeEach(async () => {
    test = new Cleanup();
    chaos = test.add(await openChaosFleet(couch.url), (each) => each.close());
  });
  afterEach(() => test.run());

  async function worker(concurrency = CONCURRENCY): Promise<ChaosWorker> {
    return test.add(await startChaosWorker({ ...chaos.settings, concurrency }), (each) => each.kill());
  }

  async function batch(name: string, rows: number, steering: SteeringChange = {}): Promise<Submitted> {
    const { batches } = chaos.fleet;
    const about = { kind: 'create', name, reason: '', by: 'chaos', total: rows } as const;
    const id = await batches.create({ ...about, steering });
    const options = Array.from({ length: rows }, (_, at) => optionsFor(chaos.domain(`${name}-${at + 1}`)));
    const requests = options.map((each, at) => ({ row: at + 1, ...creation({ options: each, tries: 8 }) }));
    await enqueueRows(chaos.fleet, id, requests);
    return { id, options };
  }

  async function ended(id: string): Promise<number> {
    const { counts } = await chaos.fleet.batches.get(id);
    return counts.done + counts.failed;
  }

  async function rowsIn(id: string, place: 'held' | 'released'): Promise<number> {
    const { redis, keys } = chaos.fleet;
    return await redis.zcard(keys[place](id));
  }

  /** Every worker is killed after rows were let through, and before any of them was begun. */
  async function killBetweenReleaseAndStart(
    rows: number,
    steering: SteeringChange = {},
    meanwhile: (id: string) => Promise<void> = async () => undefined,
  ): Promise<Submitted> {
    const asleep = await worker();
    asleep.pause();
    const submitted = await batch('kill', rows, steering);
    await openGate(chaos.fleet);
    expect(await rowsIn(submitted.id, 'released')).to.be.above(2);
    await meanwhile(submitted.id);
    await asleep.kill();
    expect((await chaos.fleet.batches.get(submitted.id)).counts).to.include({ waiting: rows });
    return submitted;
  }

  /** No row is lost, and each instance is there once and whole. */
  async function expectWhole({ id, options }: Submitted): Promise<void> {
    await until('the batch has ended', async () => (await chaos.fleet.batches.get(id)).endedAt !== undefined);
    expect((await chaos.fleet.batches.get(id)).counts.done).to.equal(options.length);
    const found = await Promise.all(options.map((each) => findings(chaos, each)));
    expect(found.flat()).to.deep.equal([]);
  }

  it('advance side by side whatever their sizes, and a single add overtakes both', async () => {
    const large = await batch('large', 60);
    const first = await worker();
    await until('some of the large one have ended', async () => (await ended(large.id)) >= 8);
    const small = await batch('small', 24);
    const before = await ended(large.id);
    const single = await queueInstance(chaos, optionsFor(chaos.domain('single')));
    await endOf(chaos, single);
    expect(await ended(small.id)).to.be.below(12);
    await until('the small one has ended', async () => (await ended(small.id)) === 24);
    const share = 24 / (24 + (await ended(large.id)) - before);
    expect(share).to.be.within(0.4, 0.6);
    await first.kill();
  });

  it('begin the rows of the canary and no other, though all workers were killed', async () => {
    const { fleet } = chaos;
    const submitted = await killBetweenReleaseAndStart(9, { canary: 5 });
    const { id } = submitted;
    await Promise.all([worker(), worker()]);
    await until('the canary has ended', async () => {
      const { steering } = await fleet.batches.get(id);
      return steering.canaryEnded === 5;
    });
    // Nothing else was let through, and nothing will be.
    await openGate(fleet);
    expect(await rowsIn(id, 'released')).to.equal(0);
    const done: number[] = [];
    for await (const { row } of fleet.batches.rows(id, 'done')) done.push(row);
    expect(done).to.deep.equal([1, 2, 3, 4, 5]);
    expect((await fleet.batches.get(id)).counts).to.include({ waiting: 4, active: 0 });
    await fleet.batches.steer(id, { canary: null });
    await expectWhole(submitted);
  });

  for (const [name, hold, free] of [
    ['paused', { pause: { by: 'chaos', at: 1, reason: '' } }, { pause: null }],
    ['outside of its window', { window: closedWindow() }, { window: null }],
    ['to begin later', { notBefore: Date.now() + HOUR }, { notBefore: null }],
  ] as const) {
    it(`begin nothing where one is ${name} by then, though all workers were killed`, async () => {
      const { fleet } = chaos;
      const submitted = await killBetweenReleaseAndStart(6, {}, (id) => fleet.batches.steer(id, hold));
      const { id } = submitted;
      await worker();
      await until('its rows are back at the gate', async () => (await rowsIn(id, 'held')) === 6);
      expect(await rowsIn(id, 'released')).to.equal(0);
      expect((await fleet.batches.get(id)).counts).to.include({ waiting: 6 });
      await fleet.batches.steer(id, free);
      await expectWhole(submitted);
    });
  }

  it('keep to a smaller number at a time, though all workers were killed', async () => {
    const { fleet } = chaos;
    const submitted = await killBetweenReleaseAndStart(6, {}, (id) =>
      fleet.batches.steer(id, { concurrency: 1 }),
    );
    const { id } = submitted;
    await worker();
    let most = 0;
    await until('the batch has ended', async () => {
      const { counts, endedAt } = await fleet.batches.get(id);
      most = Math.max(most, counts.active);
      return endedAt !== undefined;
    });
    expect(most).to.equal(1);
    await expectWhole(submitted);
  });

  it('lose no row where workers are killed amid them, again and again', async () => {
    const { fleet } = chaos;
    const submitted = await batch('again', 16, { concurrency: 4 });
    for (const least of [3, 6]) {
      const workers = await Promise.all([worker(), worker()]);
      await until('some have ended', async () => (await ended(submitted.id)) >= least);
      await Promise.all(workers.map((each) => each.kill()));
      expect((await fleet.batches.get(submitted.id)).endedAt).to.equal(undefined);
    }
    await Promise.all([worker(), worker()]);
    await expectWhole(submitted);
  });
});

/** Hours that begin in two hours. */
function closedWindow() {
  const clock = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16);
  return { from: clock(2 * HOUR), until: clock(4 * HOUR), zone: 'UTC' };
}
