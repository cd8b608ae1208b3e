import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { FleetJob } from '../../../src/jobs/fleet/open-queue.ts';
import { takeFromDead } from '../../../src/jobs/queue/take-from-dead.ts';
import { QueueWorker } from '../../../src/workers/queue-worker.ts';
import { samplePayload, startTestQueue, type TestQueue } from '../fixture.ts';

/** As a worker of the fleet lets a job stall. */
const MOST_STALLS = 5;

describe('taking jobs from a dead worker', () => {
  let test: TestQueue;
  let worker: QueueWorker;

  before(async () => {
    test = await startTestQueue();
    worker = new QueueWorker(randomUUID(), async () => undefined, {
      connection: test.fleet.redis,
      prefix: test.fleet.keys.bullPrefix,
      autorun: false,
      maxStalledCount: MOST_STALLS,
    });
  });
  beforeEach(() => test.redis.flush());
  after(async () => {
    await worker.close();
    await test.close();
  });

  /** A job that a worker has. */
  async function given(workerId: string, at = 0): Promise<FleetJob> {
    await test.add(samplePayload());
    return await test.start(`${workerId}:${at}`);
  }

  const idOf = ({ id = '' }: FleetJob): string => id;
  const lockOf = (job: FleetJob) => test.fleet.redis.get(`${test.fleet.keys.bull(idOf(job))}:lock`);
  const stalls = (job: FleetJob) => test.fleet.redis.hget(test.fleet.keys.bull(idOf(job)), 'stc');

  it('has all of them wait again, each as a stalled one', async () => {
    const dead = randomUUID();
    const jobs = [await given(dead, 0), await given(dead, 1)];
    expect(await takeFromDead(test.fleet, dead)).to.have.members(jobs.map(idOf));
    await worker.takeUpStalled();
    for (const job of jobs) {
      expect(await job.getState()).to.equal('waiting');
      expect(await stalls(job)).to.equal('1');
    }
  });

  it('is done at once though somebody has just looked for stalled jobs', async () => {
    const dead = randomUUID();
    await worker.takeUpStalled();
    const job = await given(dead);
    await takeFromDead(test.fleet, dead);
    await worker.takeUpStalled();
    expect(await job.getState()).to.equal('waiting');
  });

  it('leaves those of all others', async () => {
    const [dead, living] = [randomUUID(), randomUUID()];
    await given(dead);
    const job = await given(living);
    await takeFromDead(test.fleet, dead);
    await worker.takeUpStalled();
    await worker.takeUpStalled();
    expect(await job.getState()).to.equal('active');
    expect(await lockOf(job)).to.equal(`${living}:0`);
  });

  it('leaves one that was taken from it before, and is another worker\u2019s by now', async () => {
    const [dead, next] = [randomUUID(), randomUUID()];
    await given(dead);
    await takeFromDead(test.fleet, dead);
    await worker.takeUpStalled();
    const job = await test.start(`${next}:0`);
    expect(await takeFromDead(test.fleet, dead)).to.deep.equal([]);
    expect(await lockOf(job)).to.equal(`${next}:0`);
  });

  it('takes a job from it that it was given after its death', async () => {
    const dead = randomUUID();
    expect(await takeFromDead(test.fleet, dead)).to.deep.equal([]);
    const job = await given(dead);
    expect(await takeFromDead(test.fleet, dead)).to.deep.equal([idOf(job)]);
  });

  it('keeps a mark on each job for as long as the lock would have lasted, and no longer', async () => {
    const dead = randomUUID();
    const job = await given(dead);
    const { redis, keys } = test.fleet;
    const locked = await redis.pttl(`${keys.bull(idOf(job))}:lock`);
    await takeFromDead(test.fleet, dead);
    expect(await redis.pttl(keys.lateRequests(idOf(job)))).to.be.within(1, locked);
  });

  it('fails a job in the end that kills each of its workers', async () => {
    await test.add(samplePayload());
    for (let kills = 0; kills <= MOST_STALLS; kills += 1) {
      const dead = randomUUID();
      const job = await test.start(`${dead}:0`);
      expect(await test.fleet.redis.hget(test.fleet.keys.bull(idOf(job)), 'defa')).to.equal(null);
      await takeFromDead(test.fleet, dead);
      await worker.takeUpStalled();
    }
    const job = await test.start();
    expect(job.deferredFailure).to.equal('job stalled more than allowable limit');
  });
});
