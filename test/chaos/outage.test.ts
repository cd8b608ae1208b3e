import { randomUUID } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { LOGIN_RETRY_MS } from '../../src/couchdb/login-gate.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import type { RowState } from '../../src/jobs/batches/row-state.ts';
import { type Fleet, openFleet } from '../../src/jobs/fleet/fleet.ts';
import { type ChaosCouch, startChaosCouch } from '../support/chaos-couch.ts';
import {
  type ChaosFleet,
  doneRows,
  findings,
  instancesOf,
  openChaosFleet,
  optionsFor,
  queueBatch,
} from '../support/chaos-fleet.ts';
import { type ChaosWorker, startChaosWorker } from '../support/chaos-process.ts';
import { Cleanup } from '../support/cleanup.ts';
import { redisAt } from '../support/redis-at.ts';
import { startTestRedis } from '../support/servers.ts';
import { timePasses } from '../support/time-passes.ts';
import { until } from '../support/until.ts';

const TIMEOUT_MS = 400_000;

/** How long a server is away; the acceptance runs have it away for 60 s. */
const OUTAGE_MS = Number(process.env['CHAOS_OUTAGE_SECONDS'] ?? 4) * 1000;

/** A quarter is done before the server goes, some are under way, and as many wait as before it. */
const ROWS = Number(process.env['CHAOS_ROWS'] ?? 48);
const FEWER_ROWS = Math.ceil(ROWS * 0.3);

const CONCURRENCY = 6;

const POLL_MS = 20;

describe('a batch during which', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  let couch: ChaosCouch;
  let chaos: ChaosFleet;
  let worker: ChaosWorker;

  beforeEach(async () => {
    couch = suite.add(await startChaosCouch(), (each) => each.close());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    const settings = { ...chaos.settings, concurrency: CONCURRENCY };
    worker = chaos.cleanup.add(await startChaosWorker(settings), (each) => each.kill());
  });
  afterEach(() => suite.run());

  function rowsOf(count: number): InstanceOptions[] {
    return Array.from({ length: count }, (_, at) => optionsFor(chaos.domain(`row-${at}`)));
  }

  /** Waits until that many rows have ended. How soon that is, the benchmark says (`bench/outage.ts`). */
  async function untilDone(batchId: string, count: number): Promise<void> {
    const since = performance.now();
    for (;;) {
      const batch = await chaos.fleet.batches.get(batchId);
      expect(batch.counts.failed, 'failed rows').to.equal(0);
      if (doneRows(batch) >= count) return;
      if (performance.now() - since > TIMEOUT_MS / 2) throw new Error(JSON.stringify(batch));
      await sleep(POLL_MS);
    }
  }

  /** Waits until the worker has found out that CouchDB is away, and no row is under way any more. */
  async function untilHandedBack(batchId: string): Promise<void> {
    await worker.logged(/holding work back/);
    while ((await chaos.fleet.batches.get(batchId)).counts.active > 0) await sleep(POLL_MS);
  }

  async function doneIn(batchId: string): Promise<number> {
    return doneRows(await chaos.fleet.batches.get(batchId));
  }

  async function expectAllMade(batchId: string, all: readonly InstanceOptions[]): Promise<void> {
    await untilDone(batchId, all.length);
    expect((await chaos.fleet.batches.get(batchId)).counts).to.deep.equal({ ...NO_ROWS, done: all.length });
    for await (const row of chaos.fleet.batches.rows(batchId)) {
      const jobId = row.jobId ?? '';
      // A row has its end a moment before its job.
      await until(
        `job ${jobId} has ended`,
        async () => (await chaos.fleet.queue.getJob(jobId))?.finishedOn !== undefined,
      );
      const job = await chaos.fleet.queue.getJob(jobId);
      // BullMQ counts the try that succeeded.
      expect(job?.attemptsMade, `tries of ${row.domain}`).to.equal(1);
      expect(row.tries, `tries of ${row.domain} in its row`).to.equal(1);
    }
    await expectComplete(all);
  }

  async function expectComplete(all: readonly InstanceOptions[]): Promise<void> {
    const found = await Promise.all(all.map((options) => findings(chaos, options)));
    expect(found.flat()).to.deep.equal([]);
    expect(
      await instancesOf(
        chaos.couch,
        all.map(({ domain }) => domain),
      ),
    ).to.have.length(all.length);
  }

  it('CouchDB is killed and comes back loses nothing, and goes on', async () => {
    const all = rowsOf(ROWS);
    const batchId = await queueBatch(chaos, all);
    await untilDone(batchId, ROWS / 4);
    await couch.kill();
    await sleep(OUTAGE_MS);
    const before = await doneIn(batchId);
    await couch.start();
    await untilDone(batchId, before + 1);
    await expectAllMade(batchId, all);
  });

  it('CouchDB knows another password for a while loses nothing, and goes on with the next try', async () => {
    const all = rowsOf(FEWER_ROWS);
    const batchId = await queueBatch(chaos, all);
    await untilDone(batchId, FEWER_ROWS / 4);
    await couch.kill();
    // A server that is back before a job that it cut off has looked has not been away: that spends a try.
    await untilHandedBack(batchId);
    await couch.start('another');
    await sleep(OUTAGE_MS);
    const before = await doneIn(batchId);
    await couch.kill();
    await couch.start();
    // Two and a half minutes later.
    await timePasses(chaos.fleet.redis, chaos.fleet.keys, LOGIN_RETRY_MS);
    await untilDone(batchId, before + 1);
    await expectAllMade(batchId, all);
  });

  it('the storage goes away and comes back loses nothing, and goes on', async () => {
    const all = rowsOf(FEWER_ROWS);
    const batchId = await queueBatch(chaos, all);
    await untilDone(batchId, FEWER_ROWS / 4);
    const { storageRoot } = chaos.settings;
    const elsewhere = `${storageRoot}-unmounted`;
    await rename(storageRoot, elsewhere);
    try {
      await sleep(OUTAGE_MS);
    } finally {
      await rename(elsewhere, storageRoot);
    }
    await untilDone(batchId, (await doneIn(batchId)) + 1);
    await expectAllMade(batchId, all);
  });

  it('Redis is restarted loses nothing', async () => {
    const all = rowsOf(FEWER_ROWS);
    const batchId = await queueBatch(chaos, all);
    await untilDone(batchId, FEWER_ROWS / 4);
    await chaos.redis.stop();
    await sleep(OUTAGE_MS);
    await chaos.redis.start();
    await expectAllMade(batchId, all);
  });

  it('Redis loses everything is done when it is submitted again', async () => {
    const all = rowsOf(FEWER_ROWS);
    const lost = await queueBatch(chaos, all);
    await untilDone(lost, FEWER_ROWS / 4);
    await chaos.redis.flush();
    const batchId = await queueBatch(chaos, all);
    await untilDone(batchId, FEWER_ROWS);
    await expectComplete(all);
  });
});

describe('a job that Redis lost while a worker took it up', () => {
  const suite = new Cleanup();
  let fleet: Fleet;

  before(async () => {
    const redis = suite.add(await startTestRedis(), (each) => each.close());
    const opened = await openFleet({ redis: redisAt(redis.url), prefix: 'chaos', role: 'worker' });
    fleet = suite.add(opened, (each) => each.close());
  });
  after(() => suite.run());

  it('takes no name, for the row that is submitted again would wait for it', async () => {
    const names: [string] = ['lost.example.org'];
    const claim = { jobId: randomUUID(), kind: 'create', names, payloadHash: 'same' };
    expect(await fleet.claims.take(claim, 'run')).to.deep.equal({ state: 'gone' });
    const again = { ...claim, jobId: randomUUID() };
    expect(await fleet.claims.take(again, 'add')).to.deep.equal({ state: 'held' });
  });
});

const NO_ROWS: Readonly<Record<RowState, number>> = {
  waiting: 0,
  active: 0,
  retrying: 0,
  done: 0,
  skipped: 0,
  incomplete: 0,
  failed: 0,
  cancelled: 0,
};
